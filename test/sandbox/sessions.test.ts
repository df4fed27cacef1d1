/** Sessions of the embedded sandbox: how long they are kept, how many there are, and what is said where there can be none. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EmbeddedSandbox, type SandboxSettings, makeSandbox } from '../../shared/embedded/sandbox.ts';
import { EXECUTION_MS, SandboxUnavailableError, SessionGoneError } from '../../shared/ports/sandbox.ts';
import { failureOf } from '../contract/suites/stage.ts';
import { ManualClock, START_MS } from '../support/manual-clock.ts';
import { newFolder } from './stage.ts';

const IDLE_MS = 60_000;
/** After what was last asked of it, a session counts as at work for so long. */
const STILL_AT_WORK_MS = 5_000;
const made: { sandbox: EmbeddedSandbox; folder: string }[] = [];

function make(settings: Partial<SandboxSettings> = {}) {
  const clock = new ManualClock();
  const folder = newFolder();
  const sandbox = makeSandbox({ clock, folder: join(folder, 'sessions'), idleMs: IDLE_MS, ...settings });
  made.push({ sandbox, folder });
  return { sandbox, clock, folder };
}

afterEach(async () => {
  for (const { sandbox, folder } of made.splice(0)) {
    await sandbox.stop();
    rmSync(folder, { recursive: true });
  }
});

const ALL_AT_WORK = expect.objectContaining({ name: 'SandboxUnavailableError', mayPass: true, message: expect.stringMatching(/^all \d+ sessions/) as unknown });

/** Goes on until it is stopped. */
const ENDLESS = "import time\nprint('begun', flush=True)\nwhile True: time.sleep(0.01)";

describe('idle sessions', () => {
  it('end after a while, counted from the last that was asked of them', async () => {
    const { sandbox, clock } = make();
    const [used, unused] = [await sandbox.open(), await sandbox.open()];
    await clock.pass(IDLE_MS - 1);
    expect((await sandbox.execute(used, '1')).logs).toBe('1\n');
    await clock.pass(IDLE_MS - 1);
    expect((await sandbox.execute(used, '2')).logs).toBe('2\n');
    expect(await failureOf(sandbox.execute(unused, '1'))).toBeInstanceOf(SessionGoneError);
    await clock.pass(IDLE_MS);
    expect(await failureOf(sandbox.execute(used, '3'))).toBeInstanceOf(SessionGoneError);
  });

  it('are not those at work', async () => {
    const { sandbox, clock } = make();
    const session = await sandbox.open();
    const stopping = new AbortController();
    const begun = Promise.withResolvers<void>();
    const running = failureOf(sandbox.execute(session, ENDLESS, { timeoutMs: 10 * IDLE_MS, signal: stopping.signal, onLogs: () => begun.resolve() }));
    await begun.promise;
    await clock.pass(3 * IDLE_MS);
    stopping.abort(new Error('enough'));
    expect(await running).toEqual(new Error('enough'));
    expect((await sandbox.execute(session, '1')).logs).toBe('1\n');
  });
});

it('code that goes on although its supervisor should have stopped it is ended from outside, as what took too long', async () => {
  const { sandbox, clock } = make();
  const session = await sandbox.open();
  const begun = Promise.withResolvers<void>();
  const running = sandbox.execute(session, ENDLESS, { onLogs: () => begun.resolve() });
  await begun.promise;
  await clock.pass(EXECUTION_MS + 10_000);
  expect(await running).toMatchObject({ outcome: 'timed_out', isOver: true });
});

describe('the number of sessions', () => {
  it('is kept by ending the one that was idle longest', async () => {
    const { sandbox, clock } = make({ mostSessions: 2 });
    const [first, second] = [await sandbox.open(), await sandbox.open()];
    await sandbox.execute(first, '1');
    await clock.pass(STILL_AT_WORK_MS);
    const third = await sandbox.open();
    expect(await failureOf(sandbox.execute(second, '1'))).toBeInstanceOf(SessionGoneError);
    for (const session of [first, third]) expect((await sandbox.execute(session, '1')).logs).toBe('1\n');
  });

  it('is not kept at the cost of one whose files may yet be read', async () => {
    const { sandbox, clock } = make({ mostSessions: 2 });
    const [reading, other] = [await sandbox.open(), await sandbox.open()];
    await clock.pass(STILL_AT_WORK_MS - 1);
    const { files } = await sandbox.execute(reading, "for name in 'ab': open(name, 'w').write(name);");
    await clock.pass(1);
    const third = await sandbox.open();
    expect(await failureOf(sandbox.execute(other, '1'))).toBeInstanceOf(SessionGoneError);
    for (const { path } of files) {
      await clock.pass(STILL_AT_WORK_MS - 2);
      await sandbox.execute(third, '1');
      expect(await failureOf(sandbox.open())).toEqual(ALL_AT_WORK);
      expect(await new Response((await sandbox.read(reading, path))?.body).text()).toBe(path);
    }
    expect(files.map(({ path }) => path)).toEqual(['a', 'b']);
    await clock.pass(STILL_AT_WORK_MS);
    await sandbox.open();
    expect(await failureOf(sandbox.execute(third, '1'))).toBeInstanceOf(SessionGoneError);
    expect((await sandbox.execute(reading, '1')).logs).toBe('1\n');
  });

  it('is not kept at the cost of one that was only just begun', async () => {
    const { sandbox, clock } = make({ mostSessions: 1 });
    const begun = await sandbox.open();
    await clock.pass(STILL_AT_WORK_MS - 1);
    expect(await failureOf(sandbox.open())).toEqual(ALL_AT_WORK);
    // What has worked once is there, also while no more can be had.
    await sandbox.check();
    await clock.pass(1);
    const next = await sandbox.open();
    expect(await failureOf(sandbox.execute(begun, '1'))).toBeInstanceOf(SessionGoneError);
    expect((await sandbox.execute(next, '1')).logs).toBe('1\n');
  });

  it('is kept likewise when the clock was set back', async () => {
    const { sandbox, clock } = make({ mostSessions: 1 });
    const begun = await sandbox.open();
    clock.nowMs = () => START_MS - 3_600_000;
    await sandbox.open();
    expect(await failureOf(sandbox.execute(begun, '1'))).toBeInstanceOf(SessionGoneError);
  });

  it('is kept by refusing more when all are at work', async () => {
    const { sandbox, clock } = make({ mostSessions: 1 });
    const session = await sandbox.open();
    const stopping = new AbortController();
    const begun = Promise.withResolvers<void>();
    const running = failureOf(sandbox.execute(session, ENDLESS, { signal: stopping.signal, onLogs: () => begun.resolve() }));
    await begun.promise;
    await clock.pass(STILL_AT_WORK_MS);
    expect(await failureOf(sandbox.open())).toEqual(ALL_AT_WORK);
    stopping.abort(new Error('enough'));
    await running;
    await clock.pass(STILL_AT_WORK_MS);
    expect((await sandbox.execute(await sandbox.open(), '1')).logs).toBe('1\n');
  });

  it('is kept when many begin at once', async () => {
    const { sandbox, clock } = make({ mostSessions: 2 });
    const opened = await Promise.allSettled(Array.from({ length: 6 }, () => sandbox.open()));
    const refused = opened.flatMap((open) => (open.status === 'rejected' ? [open.reason as unknown] : []));
    expect(refused).toEqual(Array.from({ length: 4 }, () => ALL_AT_WORK));
    // What was refused takes no place.
    for (let n = 0; n < 3; n++) {
      await clock.pass(STILL_AT_WORK_MS);
      expect((await sandbox.execute(await sandbox.open(), '1')).logs).toBe('1\n');
    }
  });

  it('is none after the server has stopped', async () => {
    const { sandbox, folder } = make();
    const session = await sandbox.open();
    const running = sandbox.execute(session, ENDLESS);
    await sandbox.stop();
    expect(await running).toMatchObject({ outcome: 'killed', isOver: true });
    expect(await failureOf(sandbox.execute(session, '1'))).toBeInstanceOf(SessionGoneError);
    expect(await failureOf(sandbox.open())).toBeInstanceOf(SandboxUnavailableError);
    expect(existsSync(join(folder, 'sessions'))).toBe(false);
  });
});

describe('where there is no isolation', () => {
  /** Stands in the place of bwrap. */
  const program = (folder: string, text: string) => {
    const path = join(folder, 'bwrap');
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    chmodSync(folder, 0o755);
    return path;
  };
  const refusalOf = async (settings: Partial<SandboxSettings>) => {
    const error = await failureOf(make(settings).sandbox.open());
    expect(error).toMatchObject({ name: 'SandboxUnavailableError', mayPass: false });
    return (error as Error).message;
  };

  it('nothing is executed, and what is missing is said', async () => {
    const folder = newFolder();
    expect(await refusalOf({ bwrap: '/usr/bin/no-bwrap' })).toMatch(/\/usr\/bin\/no-bwrap is not installed. apt-get install bubblewrap/);
    expect(await refusalOf({ python: '/usr/bin/no-python' })).toMatch(/has no Python: \/usr\/bin\/no-python did not run .*apt-get install.*PYTHON/);
    expect(await refusalOf({ python: '/bin/true' })).toMatch(/has no Python: \/bin\/true is no Python, or a broken one \(it did not say where its packages are\)\. Install/);
    expect(await refusalOf({ python: '/bin/sh' })).toMatch(/has no Python: \/bin\/sh is no Python, or a broken one \(.*rror.*\)\. Install/);
    expect(await refusalOf({ bwrap: program(folder, 'echo "bwrap: Unknown option --size" >&2; exit 1') })).toMatch(/is older than 0.8 \(bwrap: Unknown option --size\)/);
    expect(await refusalOf({ bwrap: '/bin/true' })).toMatch(/cannot run code here/);
    rmSync(folder, { recursive: true });
  });

  it('because the kernel gives none, the kernel is quoted, and where to read on', async () => {
    const folder = newFolder();
    const withoutNamespaces = program(folder, 'exec /usr/bin/bwrap --dev-bind / / --unshare-user --disable-userns -- /usr/bin/bwrap "$@"');
    expect(await refusalOf({ bwrap: withoutNamespaces })).toMatch(/does not let .*bwrap make namespaces \(bwrap: .+\)\. docs\/sandbox\.md says how/);
    rmSync(folder, { recursive: true });
  });

  it('it is tried anew each time, so that nobody need restart the server', async () => {
    const folder = newFolder();
    const bwrap = join(folder, 'bwrap');
    const { sandbox } = make({ bwrap });
    expect(await failureOf(sandbox.open())).toBeInstanceOf(SandboxUnavailableError);
    program(folder, 'exec /usr/bin/bwrap "$@"');
    expect((await sandbox.execute(await sandbox.open(), '1')).logs).toBe('1\n');
    rmSync(folder, { recursive: true });
  });
});
