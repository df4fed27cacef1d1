/** The order that the events of a run's stream must keep, as the strictest official parser wants it. */
import { dig, type Json } from './contract-json.ts';
import { DeltaSum } from './delta-sum.ts';
import type { Frame } from './sse-frames.ts';

/** What the stream answers: POST …/runs (and GET …/stream, which tells the same), POST /threads/runs, POST …/submit_tool_outputs. */
export type StreamKind = 'run' | 'thread_and_run' | 'submit';

/** Which run event may follow which; the first line is the stream's start. */
const NEXT: Record<string, readonly string[]> = {
  '': ['created'],
  created: ['queued'],
  queued: ['in_progress', 'cancelling', 'failed', 'expired'],
  in_progress: ['requires_action', 'completed', 'incomplete', 'failed', 'expired', 'cancelling'],
  requires_action: ['queued', 'cancelling', 'expired'],
  cancelling: ['cancelled', 'completed', 'failed', 'expired'],
};
const TERMINAL = ['completed', 'incomplete', 'failed', 'cancelled', 'expired'];
const LAST = [...TERMINAL, 'requires_action'];

interface Open {
  id: Json | undefined;
  sum: DeltaSum;
}
interface OpenStep extends Open {
  type: Json | undefined;
  messageId: Json | undefined;
}

export class StreamRules {
  readonly #kind: StreamKind;
  readonly #report: (problem: string) => void;
  readonly #seen = new Set<Json | undefined>();
  #run: string;
  #runId: Json | undefined;
  #hasThread = false;
  #hasCreatedStep = false;
  #step: OpenStep | undefined;
  #message: Open | undefined;
  #isOver = false;

  constructor(kind: StreamKind, report: (problem: string) => void) {
    this.#kind = kind;
    this.#report = report;
    this.#run = kind === 'submit' ? 'requires_action' : '';
  }

  accept({ event, data }: Frame): void {
    const report = (problem: string): void => this.#report(`${event}: ${problem}`);
    if (this.#isOver) report('comes after the stream had its end');
    const [, family = '', name = ''] = /^(thread\.run\.step|thread\.message|thread\.run|thread)\.([a-z_]+)$/.exec(event) ?? [];
    if (this.#kind === 'thread_and_run' && !this.#hasThread && family !== 'thread' && event !== 'error') report('comes before thread.created');
    if (family === 'thread') this.#onThread(report);
    else if (family === 'thread.run') this.#onRun(name, data, report);
    else if (family === 'thread.run.step') this.#onStep(name, data, report);
    else if (family === 'thread.message') this.#onMessage(name, data, report);
    else if (event === 'error') this.#isOver = true;
    else report('is no event of the contract');
  }

  end(): void {
    if (!this.#isOver) this.#report('the stream ends without a terminal run event, requires_action or error');
  }

  #onThread(report: (problem: string) => void): void {
    if (this.#kind !== 'thread_and_run' || this.#hasThread || this.#run !== '') report('belongs at the start of a stream that creates its thread, once');
    this.#hasThread = true;
  }

  #onRun(name: string, data: Json, report: (problem: string) => void): void {
    if (!NEXT[this.#run]?.includes(name)) report(`must not follow '${this.#run}'`);
    this.#run = name;
    const status = name === 'created' ? 'queued' : name;
    if (dig(data, 'status') !== status) report(`the run has the status ${JSON.stringify(dig(data, 'status'))}`);
    if (!TERMINAL.includes(name) && dig(data, 'usage') !== null) report('usage is null until the run has ended');
    if (name === 'completed' && dig(data, 'usage') === null) report('a completed run has usage');
    this.#sameRun(dig(data, 'id'), report);
    if (!LAST.includes(name)) return;
    this.#isOver = true;
    if (this.#message) report('a message is still open');
    if (name !== 'requires_action') {
      if (this.#step) report('a step is still open');
    } else if (this.#step?.type !== 'tool_calls') {
      report('no step with tool calls is open');
    } else {
      // Some of the step's calls may be answered elsewhere.
      const asked = dig(data, 'required_action', 'submit_tool_outputs', 'tool_calls');
      const difference = this.#step.sum.differenceFromSome(asked);
      if (difference !== undefined) report(difference);
      if (!Array.isArray(asked) || asked.length === 0) report('no call is left to the client');
    }
  }

  #onStep(name: string, data: Json, report: (problem: string) => void): void {
    const id = dig(data, 'id');
    if (name === 'created') return this.#onStepCreated(data, report);
    if (!this.#step && this.#kind === 'submit' && !this.#hasCreatedStep && !this.#seen.has(id) && name !== 'in_progress' && name !== 'delta') {
      // The step that waited for the outputs: its beginning was told by another stream.
      this.#seen.add(id);
      return this.#checkStepStatus(name, data, report);
    }
    if (!this.#step || this.#step.id !== id) return report(`step ${JSON.stringify(id)} is not the open one`);
    if (name === 'delta') return this.#onStepDelta(this.#step, data, report);
    this.#checkStepStatus(name, data, report);
    if (name === 'in_progress') return this.#checkEmptyCalls(data, report);
    if (this.#message) report('the message of the step is still open');
    if (this.#step.type === 'tool_calls') this.#compare(this.#step, dig(data, 'step_details', 'tool_calls'), report);
    this.#step = undefined;
  }

  #onStepCreated(data: Json, report: (problem: string) => void): void {
    const id = dig(data, 'id');
    if (this.#step) report(`comes while step ${JSON.stringify(this.#step.id)} is open`);
    if (this.#seen.has(id)) report(`step ${JSON.stringify(id)} was there before`);
    if (this.#run !== 'in_progress') report(`comes while the run is '${this.#run}'`);
    this.#seen.add(id);
    this.#hasCreatedStep = true;
    this.#checkStepStatus('in_progress', data, report);
    this.#checkEmptyCalls(data, report);
    this.#step = { id, type: dig(data, 'type'), messageId: dig(data, 'step_details', 'message_creation', 'message_id'), sum: new DeltaSum('tool_calls') };
  }

  #onStepDelta(step: OpenStep, data: Json, report: (problem: string) => void): void {
    if (step.type !== 'tool_calls') report('a step that creates a message has no deltas');
    if (dig(data, 'delta', 'id') !== undefined) report('the delta must not contain an id');
    this.#add(step, dig(data, 'delta', 'step_details', 'tool_calls'), report);
    const { types } = step.sum;
    if (types.includes('code_interpreter') && types.length > 1) report('code has a step of its own');
  }

  #checkStepStatus(status: string, data: Json, report: (problem: string) => void): void {
    if (dig(data, 'status') !== status) report(`the step has the status ${JSON.stringify(dig(data, 'status'))}`);
    this.#sameRun(dig(data, 'run_id'), report);
  }

  #checkEmptyCalls(data: Json, report: (problem: string) => void): void {
    const list = dig(data, 'step_details', 'tool_calls');
    if (dig(data, 'type') === 'tool_calls' && !(Array.isArray(list) && list.length === 0)) report('tool_calls must be [] until the deltas fill it');
  }

  #onMessage(name: string, data: Json, report: (problem: string) => void): void {
    const id = dig(data, 'id');
    if (name === 'created') {
      if (this.#message) report(`comes while message ${JSON.stringify(this.#message.id)} is open`);
      if (this.#seen.has(id)) report(`message ${JSON.stringify(id)} was there before`);
      if (this.#step?.type !== 'message_creation' || this.#step.messageId !== id) report('is not the message of the open step');
      this.#seen.add(id);
      this.#message = { id, sum: new DeltaSum('content') };
    }
    const message = this.#message;
    if (!message || message.id !== id) return report(`message ${JSON.stringify(id)} is not the open one`);
    if (name === 'delta') return this.#add(message, dig(data, 'delta', 'content'), report);
    const status = name === 'created' ? 'in_progress' : name;
    if (dig(data, 'status') !== status) report(`the message has the status ${JSON.stringify(dig(data, 'status'))}`);
    this.#sameRun(dig(data, 'run_id'), report);
    // Until the deltas begin the content is [], which is what they add up to.
    this.#compare(message, dig(data, 'content'), report);
    if (name === 'completed' || name === 'incomplete') this.#message = undefined;
  }

  #add({ sum }: Open, entries: Json | undefined, report: (problem: string) => void): void {
    try {
      sum.add(entries);
    } catch (error) {
      report(error instanceof Error ? error.message : String(error));
    }
  }

  #compare({ sum }: Open, final: Json | undefined, report: (problem: string) => void): void {
    const difference = sum.differenceFrom(final);
    if (difference !== undefined) report(difference);
  }

  #sameRun(id: Json | undefined, report: (problem: string) => void): void {
    this.#runId ??= id;
    if (id !== this.#runId) report(`belongs to run ${JSON.stringify(id)}, not to ${JSON.stringify(this.#runId)}`);
  }
}
