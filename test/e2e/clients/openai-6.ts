import OpenAI from 'openai6';
import type { Sdk } from './client.ts';

export const openai6: Sdk = { major: 6, connect: (options) => new OpenAI(options), errors: OpenAI };
