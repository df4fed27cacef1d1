import { describe, expect, test } from '@jest/globals';
import { calls, text } from '../../support/scripted-model.ts';
import { type Stage, textOf } from '../stage.ts';
import { functionTool, outputsFor } from '../tools.ts';

export function shipped(use: () => Stage): void {
  describe('the client as it ships, with a fetch of its own', () => {
    test('polls, streams, submits, cancels and lists', async () => {
      const stage = use();
      const { assistants, threads } = stage.sdk.connect({ baseURL: stage.server.baseUrl, apiKey: stage.server.key, maxRetries: 2 }).beta;
      stage.model.script(text('Hello.'), calls([{ name: 'a', arguments: {} }]), text('Done.'), calls([{ name: 'a', arguments: {} }]));

      const assistant = await assistants.create({ model: 'gpt-4o', tools: [functionTool('a')] });
      const { id: thread_id } = await threads.create();
      await threads.messages.create(thread_id, { role: 'user', content: 'Grüße' });
      const polled = await threads.runs.createAndPoll(thread_id, { assistant_id: assistant.id });
      const waiting = await threads.runs.stream(thread_id, { assistant_id: assistant.id }).finalRun();
      const streamed = await threads.runs.submitToolOutputsStream(waiting.id, { thread_id, tool_outputs: outputsFor(waiting) }).finalRun();
      const again = await threads.runs.createAndPoll(thread_id, { assistant_id: assistant.id });
      const cancelling = await threads.runs.cancel(again.id, { thread_id });
      const cancelled = await threads.runs.poll(again.id, { thread_id });

      expect([polled, waiting, streamed, again, cancelling, cancelled].map(({ status }) => status)).toEqual(['completed', 'requires_action', 'completed', 'requires_action', 'cancelling', 'cancelled']);
      const messages: string[] = [];
      for await (const message of threads.messages.list(thread_id, { limit: 1, order: 'asc' })) messages.push(textOf(message));
      expect(messages).toEqual(['Grüße', 'Hello.', 'Done.']);
      expect(await threads.delete(thread_id)).toMatchObject({ deleted: true });
    });

    test('throws its typed exceptions', async () => {
      const stage = use();
      const client = stage.sdk.connect({ baseURL: stage.server.baseUrl, apiKey: stage.server.key, maxRetries: 0 });

      const missing = await stage.failure(client.beta.threads.retrieve('thread_none'));
      const stranger = await stage.failure(stage.sdk.connect({ baseURL: stage.server.baseUrl, apiKey: 'sk-stranger', maxRetries: 0 }).beta.threads.create());

      expect(missing.error).toBeInstanceOf(stage.sdk.errors.NotFoundError);
      expect(missing.message).toBe("No thread found with id 'thread_none'.");
      expect(stranger.error).toBeInstanceOf(stage.sdk.errors.AuthenticationError);
    });

    test('knows the id of each request, of failed ones too', async () => {
      const stage = use();

      const thread: object = await stage.threads.create();
      const { error } = await stage.failure(stage.threads.retrieve('thread_none'));

      expect(Reflect.get(thread, '_request_id')).toMatch(/^req_[0-9a-f]{32}$/);
      expect(Reflect.get(error, 'request_id') ?? Reflect.get(error, 'requestID')).toMatch(/^req_[0-9a-f]{32}$/);
    });
  });
}
