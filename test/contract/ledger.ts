/** A ledger whose every entry changes one thing of each sort in one commit, so that half an entry would show. */
import { createHash } from 'node:crypto';
import type { Thread } from '../../shared/domain/thread.ts';
import { type Change, create, type Commit, remove, update } from '../../shared/ports/commit.ts';
import { keys, type Store } from '../../shared/ports/store.ts';
import { aMessage, aThread, anIdempotencyRecord, PROJECT } from '../support/records.ts';

export const LEDGERS = ['a', 'b'];

type Parts = { store: Store; commit: Commit };

export const ledgerId = (name: string): string => `thread_ledger_${name}`;
export const jobName = (name: string, n: number): string => `job_${name}_${n}`;
/** Made by entry n, removed by entry n + 1. */
const baton = (name: string, n: number): Thread => aThread({ id: `thread_baton_${name}_${n}`, retention: 'never' });
const memoryId = (name: string, n: number): string => createHash('sha256').update(`${name} ${n}`).digest('hex');
const FOREVER_MS = Date.UTC(2100, 0, 1);

/** The ledger's thread, whose revision is the number of its entries. */
export async function open({ store, commit }: Parts, name: string): Promise<Thread> {
  const stored = await store.get(keys.thread(PROJECT, ledgerId(name)));
  if (stored) return stored;
  const thread = aThread({ id: ledgerId(name), retention: 'never' });
  await commit({ name: 'open', writes: [create('thread', thread), create('thread', baton(name, 0))] });
  return thread;
}

export function entry(before: Thread): { change: Change; after: Thread } {
  const name = before.id.slice(ledgerId('').length);
  const n = before.rev + 1;
  const write = update('thread', before, before);
  const message = aMessage({ threadId: before.id, id: `msg_${String(n).padStart(24, '0')}` });
  const memory = anIdempotencyRecord({ id: memoryId(name, n), removeAfterMs: FOREVER_MS });
  return {
    after: write.record,
    change: {
      name: 'entry',
      writes: [create('message', message), write, create('idempotency', memory), create('thread', baton(name, n)), remove('thread', baton(name, n - 1))],
      jobs: [{ name: jobName(name, n), dueMs: 0, job: { type: 'expire-run', projectId: PROJECT, threadId: before.id, runId: jobName(name, n) } }],
    },
  };
}

/** What a ledger shows in each of the places that an entry writes to: all the same number, or an entry was torn. */
export async function readLedger({ store }: Parts, name: string): Promise<{ count: number; messages: number; isWhole: boolean }> {
  const thread = await store.get(keys.thread(PROJECT, ledgerId(name)));
  const count = thread?.rev ?? 0;
  const { items } = await store.page('message', [PROJECT, ledgerId(name)], { order: 'asc', limit: 1_000_000 });
  const has = async (n: number) => [
    (await store.get(keys.idempotency(PROJECT, memoryId(name, n)))) !== undefined,
    (await store.get(keys.thread(PROJECT, baton(name, n).id))) !== undefined,
  ];
  const places = [await has(count - 1), await has(count), await has(count + 1)];
  const wanted = [[count > 1, false], [count > 0, thread !== undefined], [false, false]];
  return { count, messages: items.length, isWhole: JSON.stringify(places) === JSON.stringify(wanted) && items.every((item, n) => item.id.endsWith(String(n + 1).padStart(24, '0'))) };
}
