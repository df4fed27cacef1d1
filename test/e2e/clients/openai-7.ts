import OpenAI from 'openai';
import { AssistantStream } from 'openai/lib/AssistantStream';
import type { Sdk } from './client.ts';

export const openai7: Sdk = { major: 7, connect: (options) => new OpenAI(options), errors: OpenAI, helperOf: (events) => AssistantStream.fromReadableStream(events.toReadableStream()) };
