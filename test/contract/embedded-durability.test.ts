/** What only the embedded adapters can show: one file, one writer, one transaction for a turn, one process for a folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '../../shared/domain/clock.ts';
import { DataFolderInUseError } from '../../shared/embedded/database.ts';
import { openKeyRing } from '../../shared/embedded/index.ts';
import { createKey, listKeys, revokeKey } from '../../shared/actions/keys.ts';
import { ConflictError, create } from '../../shared/ports/commit.ts';
import { keyOf } from '../../shared/ports/store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { aThread } from '../support/records.ts';
import { newFolder, openFolder } from './embedded-world.ts';
import { jobName, LEDGERS, readLedger } from './ledger.ts';
import { DONE, nameOf } from './suites/deliveries.ts';
import { failureOf, until } from './suites/stage.ts';

jest.setTimeout(180_000);

let folder: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = newFolder();
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  rmSync(folder, { recursive: true });
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Starts a child program on the folder; `lines` grows with what it prints. */
function start(program: string): { child: ChildProcess; lines: string[] } {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'children', program), folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return { child, lines };
}

describe('the file', () => {
  it('is written ahead, and synced with every commit', async () => {
    const world = await openFolder(folder, systemClock);
    expect(world.db.sql('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' });
    // 2 is FULL.
    expect(world.db.sql('PRAGMA synchronous').get()).toMatchObject({ synchronous: 2 });
    expect(existsSync(join(folder, 'threadkeep.db-wal'))).toBe(true);
    world.close();
  });

  it('of a newer version is refused untouched, and the folder let go', async () => {
    const world = await openFolder(folder, systemClock);
    const thread = aThread();
    await world.commit({ name: 'create', writes: [create('thread', thread)] });
    world.close();
    const versioned = (version?: number): unknown => {
      const file = new DatabaseSync(join(folder, 'threadkeep.db'));
      if (version !== undefined) file.exec(`PRAGMA user_version = ${version}`);
      const now = file.prepare('PRAGMA user_version').get();
      file.close();
      return now?.['user_version'];
    };
    const today = versioned();
    versioned(1000);
    for (const open of [openFolder, openFolder, openKeyRing]) expect(String(await failureOf(open(folder, systemClock)))).toContain('newer Threadkeep');
    expect(versioned()).toBe(1000);
    versioned(Number(today));
    const again = await openFolder(folder, new ManualClock());
    expect(await again.store.get(keyOf('thread', thread))).toStrictEqual(thread);
    again.close();
  });
});

describe('group commit', () => {
  it('puts all changes of one turn into one transaction, and those of two turns into two', async () => {
    const world = await openFolder(folder, new ManualClock());
    let transactions = 0;
    world.db.onCommit(() => transactions++);
    const put = () => world.commit({ name: 'create', writes: [create('thread', aThread())] });
    await Promise.all([put(), put(), put()]);
    expect(transactions).toBe(1);
    await put();
    await put();
    expect(transactions).toBe(3);
    world.close();
  });

  it('a change that fails its condition hurts no other of its transaction', async () => {
    const world = await openFolder(folder, new ManualClock());
    const [thread, before, after] = [aThread(), aThread(), aThread()];
    await world.commit({ name: 'create', writes: [create('thread', thread)] });
    let transactions = 0;
    world.db.onCommit(() => transactions++);
    const [first, failed, last] = await Promise.allSettled([
      world.commit({ name: 'before', writes: [create('thread', before)] }),
      world.commit({ name: 'failing', writes: [create('thread', aThread()), create('thread', thread)] }),
      world.commit({ name: 'after', writes: [create('thread', after)] }),
    ]);
    expect([first.status, failed.status, last.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(failed.status === 'rejected' && failed.reason).toBeInstanceOf(ConflictError);
    expect(transactions).toBe(1);
    const { items } = await world.store.page('thread', [thread.projectId], { order: 'asc', limit: 10 });
    expect(items.map(({ id }) => id)).toEqual([thread.id, before.id, after.id]);
    world.close();
  });

  it('work that fails after it has written leaves nothing behind, and hurts no other', async () => {
    const world = await openFolder(folder, new ManualClock());
    const [first, last] = [aThread(), aThread()];
    const failure = new Error('half-way');
    const results = await Promise.allSettled([
      world.commit({ name: 'before', writes: [create('thread', first)] }),
      world.db.write(() => {
        world.db.sql('DELETE FROM thread').run();
        throw failure;
      }),
      world.commit({ name: 'after', writes: [create('thread', last)] }),
    ]);
    expect(results.map((result) => (result.status === 'rejected' ? (result.reason as unknown) : result.status))).toEqual(['fulfilled', failure, 'fulfilled']);
    expect((await world.store.page('thread', [first.projectId], { order: 'asc', limit: 10 })).items).toStrictEqual([first, last]);
    world.close();
  });

  it('a later change of the same turn sees the earlier one', async () => {
    const world = await openFolder(folder, new ManualClock());
    const thread = aThread();
    const put = () => world.commit({ name: 'create', writes: [create('thread', thread)] });
    const [first, second] = await Promise.allSettled([put(), put()]);
    expect([first.status, second.status === 'rejected' && second.reason]).toEqual(['fulfilled', expect.objectContaining({ current: thread })]);
    world.close();
  });

  it('close writes down what was asked for before it, and refuses what comes after', async () => {
    const world = await openFolder(folder, new ManualClock());
    const thread = aThread();
    const asked = world.commit({ name: 'create', writes: [create('thread', thread)] });
    world.close();
    await asked;
    expect(await failureOf(world.commit({ name: 'create', writes: [] }))).toBeInstanceOf(Error);
    const again = await openFolder(folder, new ManualClock());
    expect(await again.store.get(keyOf('thread', thread))).toStrictEqual(thread);
    again.close();
  });
});

describe('the folder', () => {
  it('has one holder, in this process or any other, until that one lets go', async () => {
    const first = await openFolder(folder, systemClock);
    expect(await failureOf(openFolder(folder, systemClock))).toBeInstanceOf(DataFolderInUseError);
    const thread = aThread();
    await first.commit({ name: 'create', writes: [create('thread', thread)] });
    first.close();
    const { child, lines } = start('hold-folder.ts');
    await until(() => lines.includes('held'), 'the child holds the folder');
    const refusal = await failureOf(openFolder(folder, systemClock));
    expect(refusal).toBeInstanceOf(DataFolderInUseError);
    expect(String(refusal)).toContain(folder);
    await kill(child);
    const second = await openFolder(folder, new ManualClock());
    expect(await second.store.get(keyOf('thread', thread))).toStrictEqual(thread);
    second.close();
  });

  it('shows its keys, and takes and loses some, beside the server that holds it', async () => {
    const world = await openFolder(folder, new ManualClock());
    const ring = await openKeyRing(folder, systemClock);
    expect((await listKeys(ring)).map(({ name }) => name)).toEqual(['local']);
    const { record } = await createKey(ring, 'proj_a', 'mine');
    expect(await world.store.get(keyOf('api_key', record))).toStrictEqual(record);
    await Promise.all([revokeKey(ring, record.id), ...Array.from({ length: 20 }, () => world.commit({ name: 'create', writes: [create('thread', aThread())] }))]);
    expect(await world.store.get(keyOf('api_key', record))).toBeUndefined();
    ring.close();
    world.close();
  });
});

describe('kill -9', () => {
  const ROUNDS = [1, 40, 7, 120, 3, 60, 25, 90];

  it('leaves every change whole or not at all, and none that was acknowledged is lost', async () => {
    for (const acknowledged of ROUNDS) {
      const { child, lines } = start('keep-ledgers.ts');
      await until(() => lines.length >= acknowledged, `${acknowledged} entries are acknowledged`);
      await kill(child);
      const world = await openFolder(folder, new ManualClock());
      for (const name of LEDGERS) {
        const { count, messages, isWhole } = await readLedger(world, name);
        const told = Math.max(0, ...lines.filter((line) => line.startsWith(`${name} `)).map((line) => Number(line.slice(2))));
        expect({ name, isWhole, messages }).toEqual({ name, isWhole: true, messages: count });
        expect(count).toBeGreaterThanOrEqual(told);
      }
      world.close();
    }

    const world = await openFolder(folder, new ManualClock());
    const counts = await Promise.all(LEDGERS.map(async (name) => (await readLedger(world, name)).count));
    const total = counts.reduce((sum, count) => sum + count, 0);
    const [jobs, removed]: [string[], string[]] = [[], []];
    const workers = [
      world.queue.consume(async ({ job }) => (jobs.push(nameOf(job)), DONE)),
      world.feed.consume(async ({ record }) => void removed.push(record.id)),
    ];
    await until(() => jobs.length >= total && removed.length >= total, 'all jobs and removals have come');
    for (const worker of workers) worker.stop();
    const wanted = LEDGERS.flatMap((name, i) => Array.from({ length: counts[i] ?? 0 }, (_, n) => jobName(name, n + 1)));
    expect(jobs.toSorted()).toEqual(wanted.toSorted());
    expect(new Set(removed).size).toBe(total);
    world.close();
  });
});
