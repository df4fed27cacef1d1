import OpenAI, { toFile } from 'openai5';
import { AssistantStream } from 'openai5/lib/AssistantStream';
import type { Sdk } from './client.ts';

export const openai5: Sdk = { major: 5, connect: (options) => new OpenAI(options), toFile, errors: OpenAI, helperOf: (events) => AssistantStream.fromReadableStream(events.toReadableStream()) };
