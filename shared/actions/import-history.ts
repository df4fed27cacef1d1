/** Records brought in from elsewhere, with their ids and times. What is there already is never overwritten. */
import type { Alias } from '../domain/alias.ts';
import type { Assistant } from '../domain/assistant.ts';
import { type IdKind, timeOfId } from '../domain/ids.ts';
import type { Message } from '../domain/message.ts';
import type { RunStep } from '../domain/run-step.ts';
import type { Run } from '../domain/run.ts';
import type { Thread } from '../domain/thread.ts';
import { type ImportKind, isSame } from '../histories/compare.ts';
import { type Write, create, retryOnConflict, update } from '../ports/commit.ts';
import { keyOf, keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { placeKnownCodeFiles } from './code-files.ts';

export type Hung = { kind: 'message'; record: Message } | { kind: 'run'; record: Run } | { kind: 'step'; record: RunStep };
export type Alone = { kind: 'assistant'; record: Assistant } | { kind: 'thread'; record: Thread };
/** `line`: where it came from, for the report. */
export type Incoming = (Hung | Alone) & { line: number };
export type Outcome = { incoming: Incoming; result: 'created' | 'unchanged' } | { incoming: Incoming; result: 'refused'; reason: string };

/** One commit's worth: DynamoDB takes 100 writes and 4 MB in a transaction. */
const AT_ONCE = 40;
const MOST_LENGTH = 1024 * 1024;
/** Clocks of different machines differ. */
const LATER_MS = 3_600_000;

export class Importer {
  readonly #world: World;
  readonly #projectId: string;
  readonly #isDryRun: boolean;
  readonly #tell: (outcome: Outcome) => void;
  #waiting: (Hung & { line: number })[] = [];
  #length = 0;
  /** What a dry run would have created, by id: what hangs under it would find it. Not what nothing hangs under: there may be very many of those. */
  readonly #pretended = new Map<string, Incoming['record']>();

  constructor(world: World, { projectId, isDryRun, tell }: { projectId: string; isDryRun: boolean; tell: (outcome: Outcome) => void }) {
    this.#world = world;
    this.#projectId = projectId;
    this.#isDryRun = isDryRun;
    this.#tell = tell;
  }

  /** What happens to it is told now or later, `end` at the latest. `length` is about how many characters it takes. */
  async add(incoming: Incoming, length: number): Promise<void> {
    if (incoming.kind === 'assistant' || incoming.kind === 'thread') {
      await this.end();
      return this.#addAlone(incoming);
    }
    const [first] = this.#waiting;
    const isFull = this.#waiting.length >= AT_ONCE || this.#length + length > MOST_LENGTH;
    if (first && (isFull || first.record.threadId !== incoming.record.threadId)) await this.end();
    this.#waiting.push(incoming);
    this.#length += length;
  }

  async end(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#length = 0;
    const [first] = waiting;
    if (first) for (const outcome of await retryOnConflict(() => this.#addHung(first.record.threadId, waiting))) this.#tell(outcome);
  }

  async #addAlone(incoming: Alone & { line: number }): Promise<void> {
    const outcome = await retryOnConflict(async (): Promise<Outcome> => {
      const found = await this.#find(incoming);
      if (found) return this.#compare(incoming, found);
      if (incoming.kind === 'thread' && (await this.#isBeingReaped(incoming.record))) return { incoming, result: 'refused', reason: `what was under the ${incoming.record.id} that is gone is still being deleted: try again later` };
      const writes: Write[] = incoming.kind === 'thread' ? [create('thread', incoming.record)] : [create('assistant', incoming.record)];
      await this.#commit([...writes, ...(await placeKnownCodeFiles(this.#world, incoming.record, incoming.record.toolResources))], [incoming]);
      return { incoming, result: 'created' };
    });
    this.#tell(outcome);
  }

  /** Who deletes what is left of a thread would not see that there is one of its name again. */
  async #isBeingReaped({ projectId, id }: Thread): Promise<boolean> {
    const first = { order: 'asc', limit: 1 } as const;
    const [messages, runs] = await Promise.all([this.#world.store.page('message', [projectId, id], first), this.#world.store.page('run', [projectId, id], first)]);
    return messages.items.length + runs.items.length > 0;
  }

  /** All of one thread, whose record knows the newest of them. */
  async #addHung(threadId: string, all: (Hung & { line: number })[]): Promise<Outcome[]> {
    const thread = (await this.#world.store.get(keys.thread(this.#projectId, threadId))) ?? (this.#pretended.get(threadId) as Thread | undefined);
    if (!thread) return all.map((incoming) => ({ incoming, result: 'refused', reason: `there is no thread ${threadId}` }));
    const placed = await Promise.all(all.map((incoming) => this.#place(incoming)));
    const found = await Promise.all(placed.map(({ incoming }) => this.#find(incoming)));
    const fresh = new Map<string, Hung & { line: number }>();
    const outcomes: Outcome[] = [];
    for (const [at, { incoming }] of placed.entries()) {
      const id = publicId(incoming.record);
      const there = found[at] ?? fresh.get(id)?.record;
      const reason = there ? undefined : await this.#refusal(incoming, fresh);
      if (there) outcomes.push(this.#compare(incoming, there));
      else if (reason !== undefined) outcomes.push({ incoming, result: 'refused', reason });
      else {
        fresh.set(id, incoming);
        outcomes.push({ incoming, result: 'created' });
      }
    }
    const created = [...fresh.values()];
    const aliases = placed.flatMap(({ incoming, alias }) => (alias && created.includes(incoming) ? [create('alias', alias)] : []));
    if (created.length > 0) await this.#commit([update('thread', thread, knowing(thread, created)), ...created.map(creation), ...aliases], created);
    return outcomes;
  }

  async #refusal(incoming: Hung, fresh: Map<string, Hung>): Promise<string | undefined> {
    const { kind, record } = incoming;
    const madeMs = timeOfId(kind satisfies IdKind, record.id);
    if (madeMs === undefined) return `${record.id} is no id of an export`;
    if (madeMs > this.#world.clock.nowMs() + LATER_MS) return `${record.id} is of a time to come`;
    if (kind !== 'step') return undefined;
    const { runId, threadId } = record;
    const isThere = fresh.get(runId)?.kind === 'run' || this.#pretended.has(runId) || (await this.#world.store.get(keys.run(this.#projectId, threadId, runId))) !== undefined;
    return isThere ? undefined : `there is no run ${runId}`;
  }

  /** Where it is stored, and the alias that is still to be made for that. The first import decides. */
  async #place(incoming: Hung & { line: number }): Promise<{ incoming: Hung & { line: number }; alias?: Alias }> {
    if (incoming.kind !== 'message' || incoming.record.importedId === undefined) return { incoming };
    const { projectId, threadId, importedId, id: sortId } = incoming.record;
    const known = await this.#world.store.get(keys.alias(projectId, threadId, importedId));
    if (known) return { incoming: { ...incoming, record: { ...incoming.record, id: known.sortId } } };
    return { incoming, alias: { id: importedId, projectId, threadId, rev: 0, sortId } };
  }

  async #find(incoming: Incoming): Promise<Incoming['record'] | undefined> {
    return (await this.#world.store.get(keyOf(incoming.kind, incoming.record))) ?? this.#pretended.get(incoming.record.id);
  }

  #compare(incoming: Incoming, there: Incoming['record']): Outcome {
    const same = isSame<ImportKind>(incoming.kind, there, incoming.record);
    return same ? { incoming, result: 'unchanged' } : { incoming, result: 'refused', reason: `${publicId(incoming.record)} is there already, and differs` };
  }

  async #commit(writes: Write[], created: Incoming[]): Promise<void> {
    if (!this.#isDryRun) return this.#world.commit({ name: 'import', writes });
    for (const { kind, record } of created) if (kind !== 'message' && kind !== 'step') this.#pretended.set(record.id, record);
  }
}

const publicId = (record: Incoming['record']): string => ('importedId' in record ? record.importedId : undefined) ?? record.id;

const creation = (incoming: Hung): Write => {
  switch (incoming.kind) {
    case 'message':
      return create('message', incoming.record);
    case 'run':
      return create('run', incoming.record);
    case 'step':
      return create('step', incoming.record);
  }
};

/** Ids to come must sort behind those that have come. */
function knowing(thread: Thread, created: readonly Hung[]): Thread {
  const newest = (kind: Hung['kind'], floor: string | undefined) =>
    created.reduce((last, incoming) => (incoming.kind === kind && (last === undefined || incoming.record.id > last) ? incoming.record.id : last), floor);
  const lastMessageId = newest('message', thread.lastMessageId);
  const lastRunId = newest('run', thread.lastRunId);
  const isForeign = created.some(({ kind, record }) => kind === 'message' && record.importedId !== undefined);
  return { ...thread, ...(isForeign && { hasImportedIds: true }), ...(lastMessageId !== undefined && { lastMessageId }), ...(lastRunId !== undefined && { lastRunId }) };
}
