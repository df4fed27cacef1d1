/** The sandbox on AgentCore: what its service turns away, loses, cuts and ends, and that no session is left running. */
import { describe, expect, it } from '@jest/globals';
import { MOST_LOG_BYTES, SandboxUnavailableError, SessionGoneError } from '../../shared/ports/sandbox.ts';
import type { AgentCoreTrouble } from '../support/engines/agentcore.ts';
import { IDENTIFIER, useSandbox } from './aws-sandbox-stage.ts';
import { until } from './suites/stage.ts';

const stage = useSandbox();
const started = (at: number) => stage.core.passed.filter(({ operation }) => operation === 'StartCodeInterpreterSession')[at]?.input;
const START = 'StartCodeInterpreterSession';
const STOP = 'StopCodeInterpreterSession';
const OVER = { logs: '', images: [], files: [], isOver: true };

const unavailable = (mayPass: boolean, message: RegExp) => expect.objectContaining({ name: 'SandboxUnavailableError', mayPass, message: expect.stringMatching(message) });

describe('a session', () => {
  it('is begun in the interpreter that is named, and ends by itself within the hour', async () => {
    await stage.sandbox.open();
    expect(started(0)).toMatchObject({ codeInterpreterIdentifier: IDENTIFIER, name: 'threadkeep', sessionTimeoutSeconds: 3600, clientToken: expect.stringMatching(/^[\w-]{36}$/) });
    expect(stage.core.running).toBe(1);
  });

  it.each<[string, AgentCoreTrouble]>([
    ['turned away', { refuse: 'ThrottlingException' }],
    ['failing', { refuse: 'InternalServerException' }],
    ['losing its answer', 'lose'],
  ])('is begun once by a service that is %s for a while', async (_, trouble) => {
    stage.core.plan(START, trouble, 2);
    await stage.sandbox.open();
    expect(stage.core.count(START)).toBe(3);
    expect(started(2)).toEqual(started(0));
    expect(stage.core.running).toBe(1);
  });

  it.each<[string, number, boolean]>([
    ['ThrottlingException', 6, true],
    ['InternalServerException', 6, true],
    ['ServiceQuotaExceededException', 1, true],
    ['AccessDeniedException', 1, false],
    ['ResourceNotFoundException', 1, false],
    ['ValidationException', 1, false],
  ])('cannot be had where the service says %s', async (exception, times, mayPass) => {
    stage.core.plan(START, { refuse: exception }, times);
    await expect(stage.sandbox.open()).rejects.toEqual(unavailable(mayPass, new RegExp(`^AgentCore's code interpreter ${IDENTIFIER} cannot be used: ${exception}: planned`)));
  });

  it.each<[string, AgentCoreTrouble]>([
    ['fails', { raise: 'InternalServerException' }],
    ['is cut', 'cut'],
    ['refuses', { refuse: 'AccessDeniedException' }],
    ['says something else', { say: { content: [{ type: 'text', text: 'no Python here' }], isError: true } }],
  ])('that %s when it is told how to begin is not left running', async (_, trouble) => {
    stage.core.plan('executeCode', trouble);
    await expect(stage.sandbox.open()).rejects.toBeInstanceOf(SandboxUnavailableError);
    expect(stage.core.running).toBe(0);
  });

  it('that does not answer its beginning is given up after a minute', async () => {
    stage.core.plan('executeCode', { before: () => stage.clock.advance(60_000) });
    await expect(stage.sandbox.open()).rejects.toEqual(unavailable(true, /no answer within 60 seconds/));
    expect(stage.core.running).toBe(0);
  });

  it('is closed for good, and closing it again does nothing', async () => {
    const session = await stage.sandbox.open();
    stage.core.plan(STOP, { refuse: 'ThrottlingException' });
    await stage.sandbox.close(session);
    expect(stage.core.running).toBe(0);
    await stage.sandbox.close(session);
    await stage.sandbox.close('never begun');
  });

  it('that cannot be closed now says so', async () => {
    const session = await stage.sandbox.open();
    stage.core.plan(STOP, { refuse: 'ThrottlingException' }, 6);
    await expect(stage.sandbox.close(session)).rejects.toEqual(unavailable(true, /ThrottlingException/));
  });
});

describe('an execution', () => {
  it.each<[string, AgentCoreTrouble]>([
    ['turned away', { refuse: 'ThrottlingException' }],
    ['turned away in the stream', { raise: 'ThrottlingException' }],
    ['turned away because the session is busy', { refuse: 'ConflictException' }],
  ])('that is %s for a while happens once', async (_, trouble) => {
    const session = await stage.sandbox.open();
    await stage.run('x = 1', session);
    stage.core.plan('executeCode', trouble, 2);
    await stage.run('x += 1', session);
    expect((await stage.run('x', session)).logs).toBe('2\n');
  });

  it('that is always turned away leaves the session as it was', async () => {
    const session = await stage.sandbox.open();
    await stage.run('x = 1', session);
    stage.core.plan('executeCode', { refuse: 'ThrottlingException' }, 6);
    await expect(stage.run('x += 1', session)).rejects.toEqual(unavailable(true, /ThrottlingException/));
    expect((await stage.run('x', session)).logs).toBe('1\n');
  });

  it.each<[string, AgentCoreTrouble]>([
    ['is lost', 'lose'],
    ['is cut in the middle', 'cut'],
    ['has a wrong checksum', 'garble'],
    ['has nothing in it', 'keepQuiet'],
    ['is an error of the service', { refuse: 'InternalServerException' }],
    ['is an error of the service in the stream', { raise: 'InternalServerException' }],
    ['turns into a refusal', { raise: 'ValidationException' }],
    ['turns into a conflict', { raise: 'ConflictException' }],
    ['is something else', { say: { content: [{ type: 'text', text: 'Kernel died' }], isError: true } }],
  ])('whose answer %s is not tried again, and ends the session', async (_, trouble) => {
    const session = await stage.sandbox.open();
    stage.core.plan('executeCode', trouble);
    expect(await stage.run('1', session)).toEqual({ outcome: 'killed', ...OVER });
    // The beginning is the other one.
    expect(stage.core.count('executeCode')).toBe(2);
    expect(stage.core.running).toBe(0);
  });

  it.each(['import os; os._exit(0)', 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)', 'import ctypes; ctypes.string_at(0)'])('that ends its interpreter is told as that: %s', async (code) => {
    const session = await stage.sandbox.open();
    expect(await stage.run(code, session)).toEqual({ outcome: 'killed', ...OVER });
    expect(stage.core.running).toBe(0);
  });

  it('in a session whose interpreter has ended meanwhile finds it gone', async () => {
    const session = await stage.sandbox.open();
    await stage.run('import os, threading; threading.Timer(0, os._exit, (0,)).start()', session).catch(() => undefined);
    await expect(stage.put(session, 'a.txt', 'a')).rejects.toBeInstanceOf(SessionGoneError);
    expect(stage.core.running).toBe(0);
  });

  it('whose time is up is interrupted: what it wrote is told, and the session lives on', async () => {
    const session = await stage.sandbox.open();
    for (const code of ['x = 1\nprint("begun")\nwhile True: pass', 'import time; print("begun"); time.sleep(1000)', 'import subprocess; print("begun"); subprocess.run(["sleep", "1000"])']) {
      const late = await stage.sandbox.execute(session, code, { timeoutMs: 300 });
      expect(late).toMatchObject({ outcome: 'timed_out', isOver: false, logs: expect.stringMatching(/^begun\nTraceback [^]*\nKeyboardInterrupt\n$/) });
    }
    expect((await stage.run('x', session)).logs).toBe('1\n');
  });

  it('that cannot be interrupted is ended with its session', async () => {
    const session = await stage.sandbox.open();
    stage.core.plan('executeCode', { before: () => stage.clock.advance(125_000) });
    expect(await stage.run('while True:\n  try:\n    while True: pass\n  except BaseException: pass', session)).toEqual({ outcome: 'timed_out', ...OVER });
    expect(stage.core.running).toBe(0);
  });

  it('is over in time even when its session cannot be ended', async () => {
    const session = await stage.sandbox.open();
    stage.core.plan('executeCode', { before: () => stage.clock.advance(125_000) });
    stage.core.plan(STOP, { refuse: 'AccessDeniedException' });
    expect(await stage.run('1', session)).toEqual({ outcome: 'timed_out', ...OVER });
  });

  it('that nobody waits for any more is ended with its session', async () => {
    const session = await stage.sandbox.open();
    const gone = new AbortController();
    const reason = new Error('cancelled');
    stage.core.plan('executeCode', { before: () => gone.abort(reason) });
    await expect(stage.sandbox.execute(session, 'while True: pass', { signal: gone.signal })).rejects.toBe(reason);
    await until(() => stage.core.running === 0, 'the session has ended');
  });

  it('that nobody waits for any more is given up at once, however long its session takes to end', async () => {
    const session = await stage.sandbox.open();
    const gone = new AbortController();
    stage.core.plan('executeCode', { before: () => gone.abort(new Error('cancelled')) });
    stage.core.plan(STOP, 'hang');
    await expect(stage.sandbox.execute(session, '1', { signal: gone.signal })).rejects.toThrow('cancelled');
    await until(() => stage.core.count(STOP) === 1, 'the session is being ended');
  });

  it('that nobody has waited for is not begun', async () => {
    const session = await stage.sandbox.open();
    await expect(stage.sandbox.execute(session, '1', { signal: AbortSignal.abort(new Error('cancelled')) })).rejects.toThrow('cancelled');
    expect(stage.core.count('executeCode')).toBe(1);
    expect(stage.core.running).toBe(1);
  });

  it('of one session waits for the one before it', async () => {
    const session = await stage.sandbox.open();
    const both = await Promise.all([stage.run('import time; time.sleep(0.2); x = 1', session), stage.run('x', session)]);
    expect(both.map(({ logs }) => logs)).toEqual(['', '1\n']);
  });

  it('that writes without end keeps the beginning and the end', async () => {
    const pieces: string[] = [];
    const session = await stage.sandbox.open();
    const { logs } = await stage.sandbox.execute(session, 'print("first")\nfor n in range(100000): print("x" * 99)\nprint("last")', { onLogs: (text) => pieces.push(text) });
    expect(pieces.join('')).toBe(logs);
    expect(logs).toMatch(/^first\nx[^]*\n\[… 9901707 bytes of output left out …\]\n[^]*x\nlast\n$/);
    expect(Buffer.byteLength(logs)).toBe(MOST_LOG_BYTES + '\n[… 9901707 bytes of output left out …]\n'.length + 4);
  });

  it('cannot have its session answer without end', async () => {
    const session = await stage.sandbox.open();
    const code = (bytes: number) => `import sys\nframe = sys._getframe()\nwhile 'said' not in frame.f_globals: frame = frame.f_back\nframe.f_globals['said'][0].write('x' * ${bytes})\nprint('seen')`;
    expect(await stage.run(code(7 * 1024 * 1024), session)).toMatchObject({ outcome: 'ok', logs: 'seen\n' });
    expect(await stage.run(code(9 * 1024 * 1024), session)).toEqual({ outcome: 'killed', ...OVER });
    expect(stage.core.running).toBe(0);
  });

  it('cannot answer in the place of what tells of it', async () => {
    const session = await stage.sandbox.open();
    const code = (look: string) => `import gc\ndriver = next(one for one in gc.get_objects() if type(one).__name__ == 'Driver')\ndriver.look = lambda: ${look}\nprint('{"outcome": "ok"}')`;
    const { files } = await stage.run(code('{"../../up": (1,), "/etc/passwd": (1,), "a\\nb": (1,), "real": (1,)}'), session);
    expect(files).toEqual([{ path: 'real', bytes: 1 }]);
    expect(await stage.run(code('{"a": (-1,)}'), session)).toEqual({ outcome: 'killed', ...OVER });
    expect(stage.core.running).toBe(0);
  });
});
