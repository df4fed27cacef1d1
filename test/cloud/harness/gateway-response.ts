/** What API Gateway answers by itself, in the words that the template gives it. */
import type { ServerResponse } from 'node:http';

export interface GatewayResponse {
  statusCode?: string | number;
  /** By content type. */
  templates: Record<string, string>;
  /** `gatewayresponse.header.<name>` to `context.requestId` or a `'text'` in quotes. */
  parameters: Record<string, string>;
}

/** By response type: `DEFAULT_5XX`, `REQUEST_TOO_LARGE` … */
export type GatewayResponses = Record<string, GatewayResponse>;

/** Its own status and words for each kind of trouble that is modelled. */
const OWN = {
  REQUEST_TOO_LARGE: { status: 413, message: 'Request Too Long' },
  MISSING_AUTHENTICATION_TOKEN: { status: 403, message: 'Missing Authentication Token' },
  /** The function failed, or did not answer as it should. */
  BAD_GATEWAY: { status: 502, message: 'Internal server error' },
  /** Lambda did not take the invocation. */
  INVOCATION_REFUSED: { status: 500, message: 'Internal server error' },
} as const;
export type Trouble = keyof typeof OWN;

export function answerTrouble(response: ServerResponse, responses: GatewayResponses, trouble: Trouble, requestId: string): void {
  const { status, message } = OWN[trouble];
  const defined = responses[trouble] ?? responses[status < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX'];
  const [type = 'application/json', body = JSON.stringify({ message })] = Object.entries(defined?.templates ?? {})[0] ?? [];
  const headers = Object.entries(defined?.parameters ?? {}).map(([name, value]) => headerOf(name, value, requestId));
  response.writeHead(Number(defined?.statusCode ?? status), { 'content-type': type, 'x-amzn-requestid': requestId, ...Object.fromEntries(headers) }).end(body);
}

/** Throws on what it does not understand, before the first request. */
export function checkGatewayResponses(responses: GatewayResponses): void {
  for (const [type, { templates, parameters }] of Object.entries(responses)) {
    if (Object.keys(templates).length > 1) throw new Error(`${type} has more than one template`);
    for (const template of Object.values(templates)) if (template.includes('$')) throw new Error(`the template of ${type} has variables`);
    for (const [name, value] of Object.entries(parameters)) headerOf(name, value, '');
  }
}

function headerOf(name: string, value: string, requestId: string): [name: string, value: string] {
  const header = /^gatewayresponse\.header\.(.+)$/.exec(name)?.[1];
  const text = value === 'context.requestId' ? requestId : /^'(.*)'$/.exec(value)?.[1];
  if (header === undefined || text === undefined) throw new Error(`a gateway response’s parameter is not understood: ${name} = ${value}`);
  return [header, text];
}
