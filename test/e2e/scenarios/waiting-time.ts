import { describe, expect, test } from '@jest/globals';
import { hang, text } from '../../support/scripted-model.ts';
import { asking, busyThread, ended, wordsOf } from '../busy-thread.ts';
import { RUN_WINDOW_MS, type Stage } from '../stage.ts';
import { read, shape } from '../streams.ts';
import { follow } from './follow.ts';

export function waitingTime(use: () => Stage): void {
  describe('ten minutes of waiting for a thread', () => {
    test('are all that a run has: it expires in the line, and leaves no message', async () => {
      const stage = use();
      const { thread_id, first, step, ask } = await busyThread(stage, hang());
      const second = await ask('queue', asking('Never said'));

      await stage.server.jump(second.expires_at === null ? 0 : second.expires_at * 1000 - (await stage.server.jump(0)));
      const seen = await stage.runs.retrieve(second.id, { thread_id });
      await step.aborted;
      await stage.messages.create(thread_id, { role: 'user', content: 'The thread is free.' });

      expect(seen).toMatchObject({ status: 'expired', started_at: null, usage: { total_tokens: 0 } });
      expect((await ended(stage, first)).status).toBe('expired');
      expect(shape((await read(await follow(stage, second))).names)).toEqual(['run.created', 'run.queued', 'run.expired']);
      expect(await wordsOf(stage, thread_id)).toEqual(['user: Hello', 'user: The thread is free.']);
    });

    test('begin with the run, so that one which came later has time left when the one before expires', async () => {
      const stage = use();
      const { thread_id, first, step, ask } = await busyThread(stage, hang());
      await stage.server.pass(20_000);
      const second = await ask('queue', asking('And then?'));
      stage.model.script(text('Second answer'));

      await stage.server.jump(RUN_WINDOW_MS - 20_000);
      await step.aborted;

      expect((await ended(stage, second)).status).toBe('completed');
      expect((await ended(stage, first)).status).toBe('expired');
      expect(await wordsOf(stage, thread_id)).toEqual(['user: Hello', 'user: And then?', 'assistant: Second answer']);
    });
  });
}
