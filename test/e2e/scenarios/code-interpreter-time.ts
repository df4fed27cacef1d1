import { describe, expect, test } from '@jest/globals';
import { calls, text } from '../../support/scripted-model.ts';
import { attachedTo, code, contentOf, execute, logsOf, newCoder, outcome, shownToModel } from '../code-interpreter.ts';
import { upload } from '../files.ts';
import { RUN_WINDOW_MS, type Stage } from '../stage.ts';
import { merged, read, shape } from '../streams.ts';
import { type AtWork, BEGUN, begun, hasWritten } from './code-interpreter-ends.ts';
import { follow } from './follow.ts';

/** The time that an execution may take, and what is waited for its end from outside. */
const EXECUTION_MS = 120_000 + 11_000;
const IDLE_MS = 900_000;
const STOPPED = /\n?\[The code was stopped: it ran for longer than 120 seconds\.[^\]]*\]\n$/;

export type { AtWork };

/** All this on a server whose clock the tests move. */
export function codeInterpreterTime(use: () => Stage, atWork = hasWritten): void {
  describe('code that takes its time', () => {
    test('is stopped after two minutes, which the model is told, and the run goes on', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const { told, reading, run } = await begun(stage, pair, BEGUN);
      await atWork(stage, told);
      stage.model.script(calls([code('1 + 1')]), text('It took too long.'));

      await stage.server.pass(EXECUTION_MS);
      await reading;

      const done = await stage.runs.retrieve(run.id, run);
      expect(done).toMatchObject({ status: 'completed', usage: { total_tokens: 45 } });
      const { steps, logs } = await outcome(stage, done);
      expect(steps.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
      expect([logs[0], logs[1]]).toEqual([expect.stringMatching(STOPPED), '2\n']);
      expect(stage.model.requests[1]?.body.messages.at(-1)?.content).toMatch(/ran for longer than 120 seconds/);
      expect(merged((await read(await follow(stage, run))).events)).toEqual(merged(told.events));
    });

    test('is stopped with its run when the ten minutes are over', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const { told, reading, run } = await begun(stage, pair, BEGUN, () => stage.server.pass(RUN_WINDOW_MS - 60_000));
      await atWork(stage, told);

      await stage.server.pass(60_000);
      await reading;

      expect(shape(told.names).slice(-2)).toEqual(['run.step.expired', 'run.expired']);
      expect(await stage.runs.retrieve(run.id, run)).toMatchObject({ status: 'expired', completed_at: null, usage: { total_tokens: 15 } });
      expect(await stage.stepsOf(run)).toMatchObject([{ status: 'expired' }]);
      expect((await execute(stage, pair, '1 + 1')).logs).toEqual(['2\n']);
    });

    test('is stopped when a machine has slept through all of them', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const { told, reading, run } = await begun(stage, pair, BEGUN);
      await atWork(stage, told);

      await stage.server.jump(RUN_WINDOW_MS);
      await reading;

      expect(shape(told.names).slice(-2)).toEqual(['run.step.expired', 'run.expired']);
      expect((await stage.runs.retrieve(run.id, run)).status).toBe('expired');
    });
  });

  describe('a session that nobody uses', () => {
    test('is there for a quarter of an hour', async () => {
      const stage = use();
      const pair = await newCoder(stage);

      await execute(stage, pair, 'kept = 1');
      await stage.server.jump(IDLE_MS - 60_000);

      expect((await execute(stage, pair, 'kept')).logs).toEqual(['1\n']);
      await stage.server.jump(IDLE_MS - 60_000);
      expect((await execute(stage, pair, 'kept')).logs).toEqual(['1\n']);
    });

    test('is ended then: the next has its files, not its variables, and the model is told', async () => {
      const stage = use();
      const input = await upload(stage, 'in.txt', 'in');
      const pair = await newCoder(stage, { tool_resources: { code_interpreter: { file_ids: [input.id] } } });
      const first = await execute(stage, pair, "import os\nos.mkdir('/mnt/data/sub')\nopen('/mnt/data/sub/out.txt', 'w').write('first');", "open('/mnt/data/sub/out.txt', 'w').write('out');\nkept = 1");

      await stage.server.jump(IDLE_MS + 1000);
      const next = await execute(stage, pair, `print('kept' in globals(), *(open('/mnt/data/' + name).read() for name in ['${input.id}', 'in.txt', 'sub/out.txt']))`);

      expect([next.run.status, next.logs]).toEqual(['completed', ['False in in out\n']]);
      expect(shownToModel(stage)).toMatch(/variables/i);
      // What is put back is not new.
      expect(next.message?.attachments).toEqual([]);
      expect(String(await contentOf(stage, attachedTo(first.message).at(-1)))).toBe('out');
    });

    test('is ended once, however often it was begun', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      for (const n of [1, 2, 3]) {
        const { steps } = await execute(stage, pair, `print('n' in globals())\nn = ${n}`);
        expect(logsOf(steps[0])).toBe('False\n');
        await stage.server.jump(IDLE_MS + 1000);
      }
    });
  });
}
