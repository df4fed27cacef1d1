/** API Gateway's REST proxy events as the Web's requests, and the Web's responses as what goes back. */
import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { StreamedResponse } from '../shared/middy-stack.ts';

export function toRequest(event: APIGatewayProxyEvent): Request {
  const { httpMethod: method, body, isBase64Encoded } = event;
  const headers = toHeaders(event);
  if (body === null || method === 'GET' || method === 'HEAD') {
    headers.delete('content-length');
    return new Request(toUrl(event), { method, headers });
  }
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  // What the client declared is the length before the gateway took the body apart.
  headers.set('content-length', String(bytes.byteLength));
  return new Request(toUrl(event), { method, headers, body: bytes });
}

/** `path` comes without the stage, and query parameters come decoded. */
function toUrl({ path, requestContext, multiValueQueryStringParameters }: APIGatewayProxyEvent): string {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(multiValueQueryStringParameters ?? {})) {
    for (const value of values ?? []) query.append(name, value);
  }
  const url = new URL(`https://${requestContext.domainName ?? 'localhost'}`);
  url.pathname = path;
  url.search = query.toString();
  return url.href;
}

function toHeaders({ multiValueHeaders }: APIGatewayProxyEvent): Headers {
  const headers = new Headers();
  for (const [name, values] of Object.entries(multiValueHeaders)) {
    for (const value of values ?? []) headers.append(name, isLatin1(value) ? value : encodeURIComponent(value));
  }
  return headers;
}

/** Anything else cannot stand in a header; the gateway decodes where the wire did not. */
const isLatin1 = (value: string): boolean => /^[\0-\xff]*$/.test(value);

/** JSON is short and goes out whole; everything else, as event streams and the contents of files, as it comes. */
export async function toProxyResponse(response: Response): Promise<StreamedResponse> {
  const headers = Object.fromEntries(response.headers);
  const isShort = headers['content-type']?.startsWith('application/json') === true;
  return { statusCode: response.status, headers, body: isShort || !response.body ? await response.text() : response.body };
}
