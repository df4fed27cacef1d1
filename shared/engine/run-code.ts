/** The code that the model has written in one answer, executed by the run's driver: each call in a step of its own. */
import type { Clock } from '../domain/clock.ts';
import type { Emit } from '../domain/run-event.ts';
import type { CodeCall, CodeOutput } from '../domain/run-step.ts';
import { NO_USAGE, type Usage } from '../domain/usage.ts';
import { EXECUTION_MS, type Execution, type Outcome } from '../ports/sandbox.ts';
import type { World } from '../ports/world.ts';
import { type CodeContext, bytesOf } from './code-context.ts';
import { type SandboxedWorld, inSession } from './code-session.ts';
import type { Hold } from './hold.ts';
import { type Kept, type KeepOptions, MOST_KEPT_OF_RUN, keepOutputs } from './keep-outputs.ts';
import { MOST_EXECUTIONS } from './offer-tools.ts';
import { saveCode } from './save-code.ts';
import type { Turn } from './turn.ts';

/** What the logs end with when the code did not end by itself. What becomes of an exception stands in its traceback. */
const ENDINGS: Readonly<Record<Outcome, string>> = {
  ok: '',
  error: '',
  timed_out: `The code was stopped: it ran for longer than ${EXECUTION_MS / 1000} seconds.`,
  out_of_memory: 'The code was stopped: it took more memory than there is for it.',
  too_much_data: 'The code was stopped: its files took more room than there is for them.',
  killed: 'The interpreter ended while the code ran.',
};
const IS_OVER = 'Its session has ended with it: variables are gone, and so is what was written by this call.';
const NO_CODE = 'Error: there was no code. Call again with {"code": "…"}.';
const USED_UP = `Error: a run can execute code ${MOST_EXECUTIONS} times, and that was done. Answer with what you have.`;
const NOT_EXECUTED = 'Error: the code could not be executed. Say so if you cannot answer without it.';

/** What the run's code has done until now. */
export type Before = Pick<CodeContext, 'calls' | 'keptBytes' | 'inputFiles'>;
type Keeping = Pick<KeepOptions, 'mostBytes' | 'inputFiles'>;

/** Of one execution, stored by saveCode with its step. */
export interface Executed {
  call: CodeCall;
  kept?: Kept;
  /** What it was executed in; `isOver`: that has ended with it. Absent when nothing was executed. */
  room?: { session: string; isOver: boolean };
}

/**
 * Resolves to how many calls were executed, when all their steps are stored. The first step carries `usage`, so that it is not lost with the others; those none. `before`: calls of the run
 * until now. Rejects with the hold's reason when that is interrupted; what goes wrong otherwise is told to the model, and the run goes on.
 */
export async function runCode(world: World, hold: Hold, emit: Emit, turn: Turn, calls: readonly CodeCall[], { usage, before }: { usage: Usage; before: Before }): Promise<number> {
  let executed = 0;
  let leftBytes = MOST_KEPT_OF_RUN - before.keptBytes;
  for (const [at, call] of calls.entries()) {
    hold.check();
    turn.begin([call]);
    const done = before.calls + at < MOST_EXECUTIONS ? await execute(world, hold, turn, call, { mostBytes: leftBytes, inputFiles: before.inputFiles }) : { call: said(turn, call, USED_UP) };
    await saveCode(world, hold, emit, turn, done, at === 0 ? usage : NO_USAGE);
    if (done.room) executed++;
    leftBytes -= bytesOf(done.call.files ?? []);
  }
  return executed;
}

async function execute(world: World, hold: Hold, turn: Turn, call: CodeCall, keeping: Keeping): Promise<Executed> {
  if (call.input.trim() === '') return { call: said(turn, call, NO_CODE) };
  const { sandbox } = world;
  try {
    if (!sandbox) throw new Error('this process has no sandbox');
    return await executeIn({ ...world, sandbox }, hold, turn, call, keeping);
  } catch (error) {
    hold.signal.throwIfAborted();
    world.log.error('code_not_executed', { runId: hold.run.id, error });
    return { call: said(turn, call, NOT_EXECUTED) };
  }
}

const executeIn = (world: SandboxedWorld, hold: Hold, turn: Turn, call: CodeCall, keeping: Keeping): Promise<Executed> =>
  inSession(world, hold, async ({ session, notes }) => {
    const telling = inBatches(world.clock, (text) => turn.addLogs(text));
    const execution = await world.sandbox.execute(session, call.input, { signal: hold.signal, onLogs: telling.add }).finally(telling.end);
    const kept = await keepOutputs(world, session, execution, { projectId: hold.run.projectId, signal: hold.signal, ...keeping });
    addLines(turn, endOf(execution, kept));
    // As they were told: pieces add up to what is stored.
    const { logs } = turn;
    const outputs: CodeOutput[] = [...(logs === '' ? [] : [{ type: 'logs' as const, logs }]), ...kept.images.map((fileId) => ({ type: 'image' as const, fileId }))];
    return {
      call: { ...call, outputs, ...(kept.written.length > 0 && { files: kept.written }), ...(notes.length > 0 && { note: notes.join('\n') }) },
      kept,
      room: { session, isOver: execution.isOver },
    };
  });

/** Code that prints in a loop would be told line by line: what comes within so many milliseconds of the last telling is told together. */
const TELL_EVERY_MS = 50;

function inBatches(clock: Clock, tell: (text: string) => void): { add: (text: string) => void; end: () => void } {
  let held = '';
  let isOver = false;
  let cancel: (() => void) | undefined;
  const flush = () => {
    cancel = held === '' ? undefined : clock.after(TELL_EVERY_MS, flush);
    tell(held);
    held = '';
  };
  return {
    add: (text) => {
      if (isOver) return;
      held += text;
      if (!cancel) flush();
    },
    end: () => {
      isOver = true;
      tell(held);
      held = '';
      cancel?.();
    },
  };
}

/** What we add to the logs when code did not end by itself, or not all was kept. */
function endOf({ outcome, isOver }: Execution, { note }: Kept): string {
  const ending = [ENDINGS[outcome], isOver ? IS_OVER : ''].filter((text) => text !== '').join(' ');
  const lines = [...(ending === '' ? [] : [`[${ending}]`]), ...(note === '' ? [] : [note])];
  return lines.map((line) => `${line}\n`).join('');
}

/** Our own words, on lines of their own. */
function addLines(turn: Turn, lines: string): void {
  if (lines !== '') turn.addLogs(`${turn.logs === '' || turn.logs.endsWith('\n') ? '' : '\n'}${lines}`);
}

/** A call that was not executed, with the reason in the place of its logs. */
function said(turn: Turn, call: CodeCall, reason: string): CodeCall {
  addLines(turn, reason);
  return { ...call, outputs: [{ type: 'logs', logs: turn.logs }] };
}
