/** Sessions of AgentCore that have ended, in whatever way the service says so, and those that have to be. */
import { describe, expect, it } from '@jest/globals';
import { type Sandbox, SessionGoneError } from '../../shared/ports/sandbox.ts';
import { useSandbox } from './aws-sandbox-stage.ts';

const stage = useSandbox();
const unavailable = (mayPass: boolean, message: RegExp) => expect.objectContaining({ name: 'SandboxUnavailableError', mayPass, message: expect.stringMatching(message) });

describe('a session that has ended', () => {
  const uses: [string, (sandbox: Sandbox, session: string) => Promise<unknown>][] = [
    ['execute', (sandbox, session) => sandbox.execute(session, '1')],
    ['put', (_, session) => stage.put(session, 'a.txt', 'a')],
    ['read', (sandbox, session) => sandbox.read(session, 'a.txt')],
  ];

  for (const saysOfEnded of ['ResourceNotFoundException', 'ValidationException', 'ConflictException'] as const) {
    it.each(uses)(`is told from one that is busy when the service says ${saysOfEnded}: %s`, async (_, use) => {
      const session = await stage.sandbox.open();
      await stage.sandbox.close(session);
      stage.core.saysOfEnded = saysOfEnded;
      await expect(use(stage.sandbox, session)).rejects.toBeInstanceOf(SessionGoneError);
    });
  }

  it.each(uses)('by its own time is gone: %s', async (_, use) => {
    const session = await stage.sandbox.open();
    stage.clock.advance(3_600_000);
    await expect(use(stage.sandbox, session)).rejects.toBeInstanceOf(SessionGoneError);
    expect(stage.core.running).toBe(0);
  });

  it('is not one that only does not like what it is asked', async () => {
    const session = await stage.sandbox.open();
    stage.core.plan('executeCode', { refuse: 'ValidationException' });
    await expect(stage.sandbox.execute(session, '1')).rejects.toEqual(unavailable(false, /ValidationException/));
    expect(await stage.run('1', session)).toMatchObject({ outcome: 'ok', logs: '1\n' });
  });

  it('in a while too short for an execution is ended now', async () => {
    const session = await stage.sandbox.open();
    stage.clock.advance(3_600_000 - 120_000);
    await expect(stage.run('1', session)).rejects.toBeInstanceOf(SessionGoneError);
    expect(stage.core.running).toBe(0);
  });
});

describe('a session that stays busy with what another driver has left in it', () => {
  it.each<[string, (session: string) => Promise<unknown>]>([
    ['executeCode', (session) => stage.run('1', session)],
    ['writeFiles', (session) => stage.put(session, 'a.txt', 'a')],
  ])('is ended, and told as one that has: %s', async (operation, use) => {
    const session = await stage.sandbox.open();
    stage.core.plan(operation, { refuse: 'ConflictException' }, 6);
    await expect(use(session)).rejects.toBeInstanceOf(SessionGoneError);
    expect(stage.core.running).toBe(0);
  });
});
