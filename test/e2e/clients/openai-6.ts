import OpenAI, { toFile } from 'openai6';
import { AssistantStream } from 'openai6/lib/AssistantStream';
import type { Sdk } from './client.ts';

export const openai6: Sdk = { major: 6, connect: (options) => new OpenAI(options), toFile, errors: OpenAI, helperOf: (events) => AssistantStream.fromReadableStream(events.toReadableStream()) };
