/** That a world has a sandbox, and ends a thread's session when nobody needs it any more. */
import { describe, expect, it } from '@jest/globals';
import { reapThread } from '../../../shared/actions/delete-thread.ts';
import { endSessionJob } from '../../../shared/actions/run-jobs.ts';
import { CODE_SESSION_IDLE_MS, type CodeSession } from '../../../shared/domain/code-session.ts';
import { handleJob } from '../../../shared/engine/handle-job.ts';
import { RunSignals } from '../../../shared/engine/run-signals.ts';
import { create } from '../../../shared/ports/commit.ts';
import { type Sandbox, SessionGoneError } from '../../../shared/ports/sandbox.ts';
import { keys } from '../../../shared/ports/store.ts';
import type { World } from '../../../shared/ports/world.ts';
import { PROJECT, aThread } from '../../support/records.ts';
import { type ContractWorld, failureOf, useStage } from './stage.ts';

export function describeSandboxWorld<W extends ContractWorld>(name: string, makeWorld: () => Promise<W>, worldOf: (stage: W) => World): void {
  describe(`${name}: the world’s sandbox`, () => {
    const stage = useStage(makeWorld);

    function opened(): { world: World; sandbox: Sandbox } {
      const world = worldOf(stage.world as W);
      if (!world.sandbox) throw new Error('this world has no sandbox');
      return { world, sandbox: world.sandbox };
    }

    /** A thread with a session in which code was executed, as a run leaves it. */
    async function used() {
      const { world, sandbox } = opened();
      const session = await sandbox.open();
      const { logs } = await sandbox.execute(session, 'n = 6\nn * 7');
      const thread = aThread();
      const nowMs = world.clock.nowMs();
      const record: CodeSession & { session: string } = { id: thread.id, projectId: PROJECT, threadId: thread.id, rev: 0, session, openedAtMs: nowMs, usedAtMs: nowMs, mounted: [], written: [] };
      await stage.put('thread', thread);
      await world.commit({ name: 'begin-session', writes: [create('code_session', record)], jobs: [endSessionJob(record)] });
      const found = () => world.store.get(keys.codeSession(PROJECT, thread.id));
      return { world, sandbox, session, logs, thread, found };
    }

    it('is there, and executes code', async () => {
      await opened().sandbox.check();
      const { logs, sandbox, session, found } = await used();
      expect([logs, (await found())?.session]).toEqual(['42\n', session]);
      expect((await sandbox.execute(session, 'n')).logs).toBe('6\n');
      await sandbox.close(session);
    });

    it('has a session ended that nobody uses, and only then', async () => {
      const { world, sandbox, session, found } = await used();
      stage.work((delivery) => handleJob(world, new RunSignals(), delivery));
      await stage.world.pass(CODE_SESSION_IDLE_MS - 60_000);
      expect((await found())?.session).toBe(session);
      await stage.world.pass(120_000);
      expect(await found()).not.toHaveProperty('session');
      expect(await failureOf(sandbox.execute(session, 'n'))).toBeInstanceOf(SessionGoneError);
    });

    it('has a session ended with its thread', async () => {
      const { world, sandbox, session, thread, found } = await used();
      await reapThread(world, thread);
      expect(await found()).toBeUndefined();
      expect(await failureOf(sandbox.execute(session, 'n'))).toBeInstanceOf(SessionGoneError);
    });
  });
}
