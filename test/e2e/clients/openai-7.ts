import OpenAI, { toFile } from 'openai';
import { AssistantStream } from 'openai/lib/AssistantStream';
import type { Sdk } from './client.ts';

export const openai7: Sdk = { major: 7, connect: (options) => new OpenAI(options), toFile, errors: OpenAI, helperOf: (events) => AssistantStream.fromReadableStream(events.toReadableStream()) };
