import { describe, expect, test } from '@jest/globals';
import { hold, text } from '../../support/scripted-model.ts';
import { type Stage, all, eventually, ids } from '../stage.ts';

export function locks(use: () => Stage): void {
  describe('one run at a time on a thread', () => {
    test('of those that start at once exactly one begins', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hold('Hello you');
      stage.model.script(step);

      const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => stage.runs.create(thread_id, { assistant_id })));

      const begun = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      expect(begun).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        expect(outcome.reason).toBeInstanceOf(stage.sdk.errors.BadRequestError);
        expect(outcome.reason).toMatchObject({ message: `400 Thread ${thread_id} already has an active run ${begun[0]?.id}.` });
      }
      step.release();
      await stage.runs.poll(begun[0]?.id ?? '', { thread_id });
      expect(ids(await all(stage.runs.list(thread_id)))).toEqual(ids(begun));
    });

    test('holds its thread until it ends, and no longer', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hold('Hello you');
      stage.model.script(step, text('Again'));
      const run = await stage.runs.create(thread_id, { assistant_id });
      await step.reached;

      const refusedMessage = await stage.failure(stage.messages.create(thread_id, { role: 'user', content: 'Wait' }));
      const refusedRun = await stage.failure(stage.runs.create(thread_id, { assistant_id }));

      expect(refusedMessage).toMatchObject({ status: 400, type: 'invalid_request_error', message: `Can't add messages to ${thread_id} while a run ${run.id} is active.` });
      expect(refusedRun).toMatchObject({ status: 400, type: 'invalid_request_error', message: `Thread ${thread_id} already has an active run ${run.id}.` });
      step.release();
      await eventually('the run has completed', async () => ((await stage.runs.retrieve(run.id, { thread_id })).status === 'completed' ? true : undefined));
      await stage.messages.create(thread_id, { role: 'user', content: 'Now' });
      expect((await stage.runs.createAndPoll(thread_id, { assistant_id })).status).toBe('completed');
    });
  });
}
