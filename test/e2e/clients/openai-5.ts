import OpenAI from 'openai5';
import type { Sdk } from './client.ts';

export const openai5: Sdk = { major: 5, connect: (options) => new OpenAI(options), errors: OpenAI };
