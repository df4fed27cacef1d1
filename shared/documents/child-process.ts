/** Runs the child process that reads one document, and sees to it that it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Failure, ReadingError } from './failure.ts';
import type { ParsedKind } from './kinds.ts';
import { type Limits, megabytes } from './limits.ts';

export interface ChildJob {
  kind: ParsedKind | 'zip' | 'ole';
  /** Of the document and of the file that its text goes to. */
  input: number;
  output: number;
  limits: Limits;
  /** All that is in the child's environment. */
  environment: Record<string, string>;
  signal: AbortSignal | undefined;
}

/** What the child says of the document; nothing when it has died. */
type Verdict = { ok: true } | ({ ok: false } & Failure);

const here = fileURLToPath(import.meta.url);
/** Beside this file as it is, or beside the bundle that it has become part of. */
const ENTRY = join(dirname(here), here.endsWith('.ts') ? 'child.ts' : 'documents-child.mjs');
/** All that it may open: its own code. */
const READABLE = here.endsWith('.ts') ? [dirname(here), join(dirname(here), '../../node_modules'), join(dirname(here), '../../package.json')] : [dirname(here)];
const VERDICT_BYTES = 4096;

/** Resolves when the text is in the output file; rejects with ReadingError for what is wrong with the document. */
export async function runChild({ kind, input, output, limits, environment, signal }: ChildJob): Promise<void> {
  signal?.throwIfAborted();
  const child = spawn(
    process.execPath,
    [
      '--permission',
      ...READABLE.map((path) => `--allow-fs-read=${path}`),
      // The thread that watches over the one that reads.
      '--allow-worker',
      '--no-warnings',
      `--max-old-space-size=${Math.floor((megabytes(limits.memoryBytes) * 3) / 4)}`,
      ENTRY,
      kind,
      JSON.stringify(limits),
    ],
    // A group of its own can be killed as one. Its standard input stays open as long as this process lives: nothing is ever written to it.
    { stdio: ['pipe', 'ignore', 'ignore', 'pipe', input, output], env: environment, cwd: dirname(ENTRY), detached: true },
  );
  const kill = () => killGroup(child);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    kill();
  }, limits.timeMs);
  signal?.addEventListener('abort', kill, { once: true });
  try {
    const [verdict, end] = await Promise.all([verdictOf(child), endOf(child)]);
    signal?.throwIfAborted();
    if (isLate) throw new ReadingError('too_slow', String(limits.timeMs / 1000));
    if (verdict?.ok) return;
    throw verdict ? new ReadingError(verdict.reason, verdict.detail) : deathOf(end, kind, limits);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', kill);
    kill();
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

interface End {
  code: number | null;
  signal: NodeJS.Signals | null;
}

const endOf = (child: ChildProcess): Promise<End> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.stdin?.on('error', () => {});
  });

async function verdictOf(child: ChildProcess): Promise<Verdict | undefined> {
  const pipe = child.stdio[3] as NodeJS.ReadableStream | null | undefined;
  let said = '';
  try {
    for await (const piece of pipe ?? []) said = (said + String(piece)).slice(0, VERDICT_BYTES);
    return said === '' ? undefined : (JSON.parse(said) as Verdict);
  } catch {
    return undefined;
  }
}

/** V8 aborts when its heap is full; what else kills a process is a parser's fault, and the document's. */
function deathOf({ code, signal }: End, kind: string, limits: Limits): Error {
  if (signal === 'SIGABRT' || signal === 'SIGTRAP' || signal === 'SIGILL' || code === 134) return new ReadingError('too_hungry', String(megabytes(limits.memoryBytes)));
  if (signal === null && code !== 0) return new Error(`${basename(ENTRY)} ended with ${code} before it read anything`);
  return new ReadingError('damaged', kind);
}
