/** Amazon Bedrock's OpenAI-compatible endpoint, with requests signed by whatever AWS credentials there are. */
import OpenAI from 'openai';
import { bedrock } from 'openai/providers/bedrock/aws';
import type { Model } from '../ports/model.ts';
import { type Upstream, clientModel } from './openai.ts';

export interface BedrockUpstream extends Pick<Upstream, 'aliases'> {
  /** The environment's own when absent. */
  region?: string | undefined;
  /** Bedrock's public endpoint in the region when absent; another one is a VPC's. */
  baseUrl?: string | undefined;
}

export function bedrockModel({ region, baseUrl, aliases }: BedrockUpstream): Model {
  // Null where the environment would else be asked: the role is all there is to sign with.
  const provider = bedrock({ region, endpoint: 'runtime', baseURL: baseUrl ?? null, apiKey: null });
  return clientModel(new OpenAI({ provider, organization: null, project: null, webhookSecret: null, adminAPIKey: null, logLevel: 'off', maxRetries: 0 }), aliases);
}
