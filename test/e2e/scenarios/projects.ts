import { describe, expect, test } from '@jest/globals';
import { text } from '../../support/scripted-model.ts';
import { type Stage, all } from '../stage.ts';

export function projects(use: () => Stage): void {
  describe('a key of another project', () => {
    test('sees nothing of this one, and has a world of its own', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(text('Hello.'), text('Hello, other.'));
      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });
      const [message] = await stage.messagesOf(thread_id);
      const [step] = await stage.stepsOf(run);
      const apiKey = await stage.server.createKey('other');

      const other = stage.connect({ apiKey });
      const { assistants, threads } = other.beta;

      const calls = [
        assistants.retrieve(assistant_id),
        assistants.update(assistant_id, { name: 'Mine' }),
        assistants.delete(assistant_id),
        threads.retrieve(thread_id),
        threads.update(thread_id, { metadata: { mine: 'yes' } }),
        threads.delete(thread_id),
        Promise.resolve(threads.messages.list(thread_id)),
        threads.messages.create(thread_id, { role: 'user', content: 'Hi' }),
        threads.messages.retrieve(message?.id ?? '', { thread_id }),
        Promise.resolve(threads.runs.list(thread_id)),
        threads.runs.retrieve(run.id, { thread_id }),
        threads.runs.cancel(run.id, { thread_id }),
        threads.runs.create(thread_id, { assistant_id }),
        threads.runs.steps.retrieve(step?.id ?? '', { thread_id, run_id: run.id }),
        threads.createAndRun({ assistant_id }),
      ];
      for (const failure of await Promise.all(calls.map((call) => stage.failure(call)))) {
        expect(failure.error).toBeInstanceOf(stage.sdk.errors.NotFoundError);
        expect(failure.message).toMatch(/^No (assistant|thread) found with id '/);
      }
      expect(await all(assistants.list())).toEqual([]);
      expect((await stage.http<{ data: unknown[] }>('GET', '/threads', { key: apiKey })).body.data).toEqual([]);
      const own = await assistants.create({ model: 'gpt-4o' });
      const ownRun = await threads.createAndRunPoll({ assistant_id: own.id, thread: { messages: [{ role: 'user', content: 'Hello' }] } });
      expect(ownRun.status).toBe('completed');
      expect((await stage.failure(stage.assistants.retrieve(own.id))).status).toBe(404);
      expect(await stage.assistants.retrieve(assistant_id)).toMatchObject({ name: null });
    });

    test('is refused as soon as it is revoked', async () => {
      const stage = use();
      const apiKey = await stage.server.createKey('brief', 'short-lived');
      const other = stage.connect({ apiKey });
      await other.beta.threads.create();

      const revoked = await stage.server.revokeKey(apiKey);

      expect(revoked).toBe(true);
      const { error, code } = await stage.failure(other.beta.threads.create());
      expect(error).toBeInstanceOf(stage.sdk.errors.AuthenticationError);
      expect(code).toBe('invalid_api_key');
      await stage.threads.create();
    });
  });
}
