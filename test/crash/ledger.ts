/** What is in the data folder, read beside the server, and what must hold in it once all is at rest. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Message } from '../../shared/domain/message.ts';
import { RunStep, openCalls } from '../../shared/domain/run-step.ts';
import { Run, isActive } from '../../shared/domain/run.ts';
import { Thread } from '../../shared/domain/thread.ts';
import { NO_USAGE, addUsage } from '../../shared/domain/usage.ts';
import { Job } from '../../shared/ports/queue.ts';
import type { Told } from './conversation.ts';
import { type CrashableServer, eventually } from './crashable.ts';

export interface Ledger {
  threads: Thread[];
  messages: Message[];
  runs: Run[];
  steps: RunStep[];
  jobs: { name: string; dueMs: number; job: Job }[];
  /** Feed events that nobody has taken yet. */
  untold: number;
}

export function readLedger(dataDir: string): Ledger {
  const db = new DatabaseSync(join(dataDir, 'threadkeep.db'), { readOnly: true, timeout: 5000 });
  try {
    const bodies = (table: string): unknown[] => db.prepare(`SELECT body FROM ${table} ORDER BY id`).all().map((row) => JSON.parse(String(row['body'])) as unknown);
    // One snapshot: the server goes on writing meanwhile.
    db.exec('BEGIN');
    return {
      threads: bodies('thread').map((body) => Thread.parse(body)),
      messages: bodies('message').map((body) => Message.parse(body)),
      runs: bodies('run').map((body) => Run.parse(body)),
      steps: bodies('step').map((body) => RunStep.parse(body)),
      jobs: db.prepare('SELECT name, due_ms, body FROM job ORDER BY seq').all().map((row) => ({
        name: String(row['name']),
        dueMs: Number(row['due_ms']),
        job: Job.parse(JSON.parse(String(row['body']))),
      })),
      untold: Number(db.prepare('SELECT count(*) AS n FROM outbox').get()?.['n']),
    };
  } finally {
    db.close();
  }
}

/** Waits until nothing is under way any more, then names every rule that is broken: nothing, if all is well. */
export async function brokenRules(server: CrashableServer): Promise<string[]> {
  let last = ['never looked'];
  try {
    await eventually('no rule is broken', () => {
      last = rulesBrokenIn(readLedger(server.dataDir), server.nowMs);
      return Promise.resolve(last.length === 0 ? true : undefined);
    });
  } catch {
    return last;
  }
  return server.errors === '' ? [] : [`the server wrote on standard error: ${server.errors}`];
}

export const brokenPromises = (server: CrashableServer, told: Told): string[] => promisesBrokenIn(readLedger(server.dataDir), told);

/** What a stream has told as done is done, whatever happened after it. */
export function promisesBrokenIn({ messages, runs, steps }: Ledger, told: Told): string[] {
  return told.flatMap(({ event, data }) => {
    const promise = /^thread\.(?:run\.step|run|message)\.(?:completed|requires_action|queued)$/.test(event);
    if (!promise || !('id' in data) || data.id === undefined) return [];
    const kept = [...messages, ...runs, ...steps].find(({ id }) => id === data.id);
    return kept && (kept.status === 'completed' || !event.endsWith('completed')) ? [] : [`${event} was told of ${data.id}, which is ${kept?.status ?? 'nowhere'}`];
  });
}

export function rulesBrokenIn(ledger: Ledger, nowMs: number): string[] {
  const { threads, messages, runs, steps } = ledger;
  const broken: string[] = [];
  const demand = (holds: boolean, rule: string) => void (holds || broken.push(rule));

  for (const { id, activeRun, waitingRuns = [], lastMessageId } of threads) {
    const own = messages.filter((message) => message.threadId === id);
    const active = runs.filter((run) => run.threadId === id && isActive(run));
    demand(active.length <= 1, `${id} has ${active.length} active runs`);
    demand(activeRun?.id === active[0]?.id, `${id} is held by ${activeRun?.id} while its active run is ${active[0]?.id}`);
    demand(waitingRuns.length === 0, `${waitingRuns.length} runs still wait for ${id}`);
    const newest = own.at(-1)?.id;
    demand(newest === undefined || (lastMessageId !== undefined && lastMessageId >= newest), `${id} does not know its newest message ${newest}`);
  }
  for (const record of [...messages, ...runs, ...steps]) {
    demand(threads.some(({ id }) => id === record.threadId), `${record.id} hangs under ${record.threadId}, which does not exist`);
  }
  for (const message of messages) {
    demand(message.status !== 'in_progress', `${message.id} is stored in progress`);
    if (message.role === 'user') continue;
    demand(runs.some((run) => run.id === message.runId && run.threadId === message.threadId), `${message.id} was written by ${message.runId}, which does not exist`);
    const writers = steps.filter((step) => step.details.type === 'message_creation' && step.details.messageId === message.id);
    demand(writers.length === 1, `${message.id} is told by ${writers.length} steps`);
  }
  for (const step of steps) broken.push(...brokenStep(step, ledger));
  for (const run of runs) {
    const own = steps.filter((step) => step.runId === run.id);
    const sum = own.reduce((usage, step) => addUsage(usage, step.usage ?? NO_USAGE), NO_USAGE);
    demand(JSON.stringify(sum) === JSON.stringify(run.usage), `${run.id} used ${JSON.stringify(run.usage)}, its steps ${JSON.stringify(sum)}`);
    demand(!isActive(run) || run.status === 'requires_action', `${run.id} is still ${run.status}`);
  }
  return [...broken, ...brokenJobs(ledger, nowMs)];
}

function brokenStep(step: RunStep, { messages, runs }: Ledger): string[] {
  const run = runs.find(({ id }) => id === step.runId);
  if (!run) return [`${step.id} belongs to ${step.runId}, which does not exist`];
  const { details } = step;
  if (details.type === 'message_creation') {
    return messages.some((message) => message.id === details.messageId && message.runId === run.id) ? [] : [`${step.id} names ${details.messageId}, which ${run.id} has not written`];
  }
  if (step.status === 'completed' && openCalls(step).length > 0) return [`${step.id} is completed with calls that were never answered`];
  if (step.status !== 'in_progress') return [];
  return run.status === 'requires_action' && run.stepId === step.id ? [] : [`${step.id} is in progress while ${run.id} is ${run.status}`];
}

/** At rest there is nothing to do but to wait for windows to close and sessions to be idle, and to keep indexes fast now and then. */
const MAY_WAIT: Job['type'][] = ['expire-run', 'expire-store', 'tidy-index', 'end-session'];

function brokenJobs({ jobs, runs, untold }: Ledger, nowMs: number): string[] {
  const left = jobs.filter(({ job, dueMs }) => !MAY_WAIT.includes(job.type) || (job.type !== 'tidy-index' && dueMs <= nowMs)).map(({ name }) => `job left over: ${name}`);
  const waiting = runs.filter((run) => run.status === 'requires_action');
  const untimed = waiting
    .filter((run) => !jobs.some(({ job, dueMs }) => job.type === 'expire-run' && job.runId === run.id && dueMs === run.expiresAtMs))
    .map((run) => `${run.id} waits for outputs without a timer`);
  return [...left, ...untimed, ...(untold > 0 ? [`${untold} feed events untold`] : [])];
}
