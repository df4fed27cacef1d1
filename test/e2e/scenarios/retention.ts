import { describe, expect, test } from '@jest/globals';
import { text } from '../../support/scripted-model.ts';
import { type Stage, ids } from '../stage.ts';

const DAY_MS = 86_400_000;

async function isGone(stage: Stage, threadId: string): Promise<boolean> {
  const { status, body } = await stage.http('GET', `/threads/${threadId}`);
  if (status === 200) return false;
  expect([status, body.error.message]).toEqual([404, `No thread found with id '${threadId}'.`]);
  return true;
}

/** All this on a server whose clock the tests move. */
export function retention(use: () => Stage): void {
  describe('sixty days', () => {
    test('after its last use a thread is gone, with all that hung under it', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(text('Hello.'));
      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });
      const [message] = await stage.messagesOf(thread_id);
      const [step] = await stage.stepsOf(run);

      await stage.server.jump(60 * DAY_MS - 60_000);
      const inTime = await isGone(stage, thread_id);
      // No timer has fired yet: it is gone for readers all the same.
      await stage.server.skip(60_000);
      const over = await isGone(stage, thread_id);

      expect([inTime, over]).toEqual([false, true]);
      for (const call of [
        stage.messages.retrieve(message?.id ?? '', { thread_id }),
        stage.messages.create(thread_id, { role: 'user', content: 'Late' }),
        stage.runs.retrieve(run.id, { thread_id }),
        stage.runs.create(thread_id, { assistant_id }),
        stage.runs.steps.retrieve(step?.id ?? '', { thread_id, run_id: run.id }),
      ]) {
        expect(await stage.failure(call)).toMatchObject({ status: 404, message: `No thread found with id '${thread_id}'.` });
      }
      expect(ids((await stage.http<{ data: { id: string }[] }>('GET', '/threads?limit=100')).body.data)).not.toContain(thread_id);
      expect(await stage.assistants.retrieve(assistant_id)).toMatchObject({ id: assistant_id });
    });

    test('begin anew with a message, a run or a touch on the 59th', async () => {
      const stage = use();
      const { assistant_id, thread_id: unused } = await stage.newPair();
      const [withMessage, withRun, touched] = await Promise.all([stage.newThread('1'), stage.newThread('2'), stage.newThread('3')]);

      await stage.server.jump(59 * DAY_MS);
      await stage.messages.create(withMessage.id, { role: 'user', content: 'Still here' });
      stage.model.script(text('Hello.'));
      await stage.runs.createAndPoll(withRun.id, { assistant_id });
      await stage.http('POST', `/threads/${touched.id}/touch`, { unchecked: true });
      await stage.server.jump(59 * DAY_MS);

      const all = [withMessage.id, withRun.id, touched.id, unused];
      expect(await Promise.all(all.map((id) => isGone(stage, id)))).toEqual([false, false, false, true]);
      await stage.server.jump(DAY_MS);
      expect(await Promise.all(all.map((id) => isGone(stage, id)))).toEqual([true, true, true, true]);
    });

    test('are not prolonged by reading', async () => {
      const stage = use();
      const thread = await stage.newThread('Hello');

      await stage.server.jump(59 * DAY_MS);
      await Promise.all([stage.threads.retrieve(thread.id), stage.messagesOf(thread.id)]);
      await stage.server.jump(DAY_MS);

      expect(await isGone(stage, thread.id)).toBe(true);
    });

    test('do not hold for a thread that has another retention', async () => {
      const stage = use();
      const make = async (given: unknown) => (await stage.http<{ id: string }>('POST', '/threads', { body: { retention: given } })).body.id;
      const [week, never] = await Promise.all([make({ days: 7 }), make('never')]);

      await stage.server.jump(7 * DAY_MS);
      expect(await Promise.all([week, never].map((id) => isGone(stage, id)))).toEqual([true, false]);
      await stage.server.jump(3650 * DAY_MS);

      expect(await isGone(stage, never)).toBe(false);
      const listed = await stage.http<{ data: { id: string }[] }>('GET', '/threads?limit=100');
      expect(ids(listed.body.data)).toEqual([never]);
    });
  });
}
