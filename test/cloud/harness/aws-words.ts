/** Errors in each service's own words on the wire. */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Service } from './aws-request.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Refusal {
  status: number;
  type: string;
  message?: string;
}

export function refusal(service: Service, { status, type, message = type }: Refusal): Answer {
  if (service === 's3') return xml(status, type, message);
  // The names of both: services differ in how they write it.
  const answer = json(service, status, { __type: type, message, Message: message });
  if (service === 'sqs') answer.headers['x-amzn-query-error'] = `${type.split('#').at(-1)};${status < 500 ? 'Sender' : 'Receiver'}`;
  return answer;
}

export function json(service: Service, status: number, body: object): Answer {
  const version = service === 'secretsmanager' ? '1.1' : '1.0';
  return { status, headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amzn-requestid': randomUUID() }, body: Buffer.from(JSON.stringify(body)) };
}

const xml = (status: number, code: string, message: string): Answer => ({
  status,
  headers: { 'content-type': 'application/xml', 'x-amz-request-id': randomUUID() },
  body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${escaped(message)}</Message></Error>`),
});

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const DENIED: Record<Service, Omit<Refusal, 'message'>> = {
  dynamodb: { status: 400, type: 'com.amazon.coral.service#AccessDeniedException' },
  dynamodbstreams: { status: 400, type: 'com.amazon.coral.service#AccessDeniedException' },
  sqs: { status: 403, type: 'com.amazonaws.sqs#AccessDenied' },
  lambda: { status: 403, type: 'AccessDeniedException' },
  s3: { status: 403, type: 'AccessDenied' },
  states: { status: 400, type: 'AccessDeniedException' },
  secretsmanager: { status: 400, type: 'AccessDeniedException' },
  agentcore: { status: 403, type: 'AccessDeniedException' },
};

export const denied = (service: Service, message: string): Answer => refusal(service, { ...DENIED[service], message });
