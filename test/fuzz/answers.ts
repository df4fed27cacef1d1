/** Sends a request as it is told to, and says what is wrong with the answer, if anything is. */
import { type Agent, request } from 'node:http';
import type { Json } from '../support/contract-json.ts';
import { object } from '../support/contract-json.ts';

export interface Sent {
  method: string;
  /** Below the server's root, encoded as it goes on the wire. */
  path: string;
  headers: Record<string, string>;
  body?: string | Buffer | undefined;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  ms: number;
}

const LONGEST_MS = 5000;

export function send(origin: URL, agent: Agent, { method, path, headers, body }: Sent): Promise<Answer> {
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const framed = 'transfer-encoding' in headers ? headers : { ...length, ...headers };
    const outgoing = request({ agent, host: origin.hostname, port: origin.port, method, path, headers: framed, signal: AbortSignal.timeout(LONGEST_MS) }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, ms: performance.now() - startedMs }));
      incoming.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** What would tell a stranger how the server is made. */
const INSIDES = /\bat \S+ \(|:\d+:\d+\)|node_modules|node:|file:\/\/|\.ts\b|SQLITE|ZodError|TypeError|RangeError|SyntaxError|Maximum call stack|threadkeep\.db/;

/** What every answer owes, whatever was asked. */
export function faultsOf({ status, headers, text, ms }: Answer, method: string): string[] {
  const faults: string[] = [];
  if (status < 200 || status >= 500) faults.push(`status ${status}`);
  if (!/^req_[0-9a-f]{32}$/.test(String(headers['x-request-id']))) faults.push(`x-request-id is ${String(headers['x-request-id'])}`);
  if (headers['openai-version'] !== '2020-10-01') faults.push('no openai-version');
  if (!/^\d+$/.test(String(headers['openai-processing-ms']))) faults.push('no openai-processing-ms');
  if (ms > LONGEST_MS) faults.push(`took ${Math.round(ms)} ms`);
  if (status >= 400 && method !== 'HEAD') faults.push(...envelopeFaults(headers, text));
  return faults;
}

function envelopeFaults(headers: Answer['headers'], text: string): string[] {
  if (!String(headers['content-type']).startsWith('application/json')) return [`content-type ${String(headers['content-type'])}`];
  const error = object(object(parse(text))?.['error']);
  if (!error) return [`no error envelope: ${text.slice(0, 200)}`];
  const faults: string[] = [];
  if (Object.keys(error).join() !== 'message,type,param,code') faults.push(`the error has the fields ${Object.keys(error).join()}`);
  const message = typeof error['message'] === 'string' ? error['message'] : '';
  if (message === '') faults.push('no message');
  if (error['type'] !== 'invalid_request_error') faults.push(`type ${JSON.stringify(error['type'])}`);
  for (const name of ['param', 'code']) if (typeof error[name] !== 'string' && error[name] !== null) faults.push(`${name} is ${JSON.stringify(error[name])}`);
  if (INSIDES.test(message)) faults.push(`it shows its insides: ${message.slice(0, 200)}`);
  return faults;
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
