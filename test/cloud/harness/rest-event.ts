/** A request as API Gateway's REST APIs hand it to a Lambda behind a proxy integration. */
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

export interface RequestFacts {
  /** Of the route: `/` or `/{proxy+}`. */
  resource: string;
  stage: string;
  /** Behind the stage, as it was sent: REST APIs leave percent signs as they are. */
  path: string;
  query: string;
  body: Buffer;
  binaryMediaTypes: string[];
  requestId: string;
  nowMs: number;
}

/** Of one connection: the gateway keeps these to itself. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'te', 'trailer', 'upgrade', 'expect']);

export function toRestEvent(request: IncomingMessage, facts: RequestFacts): APIGatewayProxyEvent {
  const { resource, stage, path, query, body, binaryMediaTypes, requestId, nowMs } = facts;
  const sourceIp = request.socket.remoteAddress ?? '127.0.0.1';
  const host = request.headers.host ?? '';
  const forwarded: [string, string][] = [
    ['X-Amzn-Trace-Id', `Root=1-${Math.floor(nowMs / 1000).toString(16)}-${requestId.replaceAll('-', '').slice(0, 24)}`],
    ['X-Forwarded-For', sourceIp],
    ['X-Forwarded-Port', '443'],
    ['X-Forwarded-Proto', 'https'],
  ];
  const headers = grouped([...headersOf(request), ...forwarded]);
  const parameters = grouped([...new URLSearchParams(query)]);
  const isBase64Encoded = body.byteLength > 0 && isBinary(request.headers['content-type'], binaryMediaTypes);
  return {
    resource,
    path,
    httpMethod: request.method ?? 'GET',
    headers: lasts(headers),
    multiValueHeaders: headers,
    queryStringParameters: query === '' ? null : lasts(parameters),
    multiValueQueryStringParameters: query === '' ? null : parameters,
    pathParameters: resource === '/' ? null : { proxy: decoded(path.slice(1)) },
    stageVariables: null,
    requestContext: {
      accountId: '000000000000',
      apiId: 'harness000',
      authorizer: undefined,
      domainName: host,
      domainPrefix: host.split('.')[0] ?? '',
      extendedRequestId: requestId.slice(0, 15),
      httpMethod: request.method ?? 'GET',
      identity: {
        accessKey: null,
        accountId: null,
        apiKey: null,
        apiKeyId: null,
        caller: null,
        clientCert: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp,
        user: null,
        userAgent: request.headers['user-agent'] ?? null,
        userArn: null,
      },
      path: `/${stage}${path}`,
      protocol: 'HTTP/1.1',
      requestId,
      requestTime: new Date(nowMs).toUTCString(),
      requestTimeEpoch: nowMs,
      resourceId: 'res000',
      resourcePath: resource,
      stage,
    },
    // Text that is no UTF-8 is damaged here, as it is there.
    body: body.byteLength === 0 ? null : body.toString(isBase64Encoded ? 'base64' : 'utf8'),
    isBase64Encoded,
  };
}

/** In the case in which they were sent; Node reads them as Latin-1, the gateway as UTF-8. */
function headersOf({ rawHeaders }: IncomingMessage): [name: string, value: string][] {
  const found: [string, string][] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    const bytes = Buffer.from(value, 'latin1');
    if (!HOP_BY_HOP.has(name.toLowerCase())) found.push([name, isUtf8(bytes) ? bytes.toString() : value]);
  }
  return found;
}

function grouped(pairs: [name: string, value: string][]): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const [name, value] of pairs) (groups[name] ??= []).push(value);
  return groups;
}

const lasts = (groups: Record<string, string[]>): Record<string, string> => Object.fromEntries(Object.entries(groups).map(([name, values]) => [name, values.at(-1) ?? '']));

function isBinary(contentType: string | undefined, binaryMediaTypes: string[]): boolean {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return binaryMediaTypes.some((binary) => binary === '*/*' || binary.toLowerCase() === type);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
