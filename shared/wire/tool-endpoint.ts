import { toSeconds } from '../domain/clock.ts';
import type { ToolEndpoint } from '../domain/tool-endpoint.ts';

/** Threadkeep's own: who answers calls of a function. Its secrets are shown when they are made, and never again. */
export const toWireToolEndpoint = (endpoint: ToolEndpoint) => ({
  id: endpoint.id,
  object: 'tool_endpoint' as const,
  created_at: toSeconds(endpoint.createdAtMs),
  updated_at: toSeconds(endpoint.updatedAtMs ?? endpoint.createdAtMs),
  name: endpoint.id,
  url: 'url' in endpoint.target ? endpoint.target.url : null,
  lambda_arn: 'lambdaArn' in endpoint.target ? endpoint.target.lambdaArn : null,
  timeout_seconds: endpoint.timeoutSeconds,
  signing_secret_hint: 'url' in endpoint.target ? `whsec_…${newest(endpoint).slice(-4)}` : null,
});

/** Calls of a Lambda function are not signed: nobody else can call it. */
export const toWireToolEndpointWithSecret = (endpoint: ToolEndpoint) => ({
  ...toWireToolEndpoint(endpoint),
  ...('url' in endpoint.target && { signing_secret: newest(endpoint) }),
});

const newest = ({ secrets: [first] }: ToolEndpoint): string => first?.secret ?? '';
