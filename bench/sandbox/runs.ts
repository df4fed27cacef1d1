/**
 * Whole runs, streamed and read to their end, with `1+1` executed in each and without, in turns. What they differ by is held against the aims: a call of the
 * model more, a step more, and the execution. Runs that call a function which does not exist have the first two as well, so they show what the execution has of it.
 */
import { type Bench, Lab, POLLED_TOKENS } from '../support/lab.ts';
import { median, percentile, timed } from '../support/measure.ts';
import { type Row, held, ms, number } from '../support/table.ts';
import { COLD_AIM_MS, WARM_AIM_MS } from './port.ts';
import { MOST_MS } from './spread.ts';

const COLD_ROUNDS = 25;
const WARM_ROUNDS = 150;

type Kind = 'tokens' | 'nothing' | 'code';
const KINDS: readonly Kind[] = ['tokens', 'nothing', 'code'];
type Took = Record<Kind, number[]>;

export async function measureRuns(bench: Bench): Promise<Row[]> {
  const lab = await Lab.open(bench);
  const assistant = await lab.kept.beta.assistants.create({ model: `tokens-${POLLED_TOKENS}`, tools: [{ type: 'code_interpreter' }] });
  const run = (thread: string, kind: Kind): Promise<number> => timed(() => streamed(lab, thread, assistant.id, kind));

  // The first of all warms up: server, client and model.
  const cold: Took = { tokens: [], nothing: [], code: [] };
  const first: Took = { tokens: [], nothing: [], code: [] };
  for (const untilMs = performance.now() + MOST_MS; cold.code.length < COLD_ROUNDS && performance.now() < untilMs; ) {
    const into = first.code.length === 0 ? first : cold;
    for (const kind of KINDS) {
      const thread = await lab.newThread();
      into[kind].push(await run(thread, kind));
      // Its session ends with it, and does not stand in the way of others.
      await lab.kept.beta.threads.delete(thread);
    }
  }
  const warm: Took = { tokens: [], nothing: [], code: [] };
  const threads = { tokens: await lab.newThread(), nothing: await lab.newThread(), code: await lab.newThread() };
  for (const kind of KINDS) await run(threads[kind], kind);
  for (const untilMs = performance.now() + MOST_MS; warm.code.length < WARM_ROUNDS && performance.now() < untilMs; ) {
    for (const kind of KINDS) warm[kind].push(await run(threads[kind], kind));
  }
  await lab.close();
  return [...compare('whose code begins a session', cold, COLD_AIM_MS), ...compare('in a session that is there', warm, WARM_AIM_MS)];
}

async function streamed(lab: Lab, thread: string, assistant: string, kind: Kind): Promise<void> {
  const events = await lab.kept.beta.threads.runs.create(thread, { assistant_id: assistant, model: `${kind}-${POLLED_TOKENS}`, stream: true });
  let last = '';
  let logs = '';
  for await (const { event, data } of events) {
    last = event;
    if (event !== 'thread.run.step.completed' || data.step_details.type !== 'tool_calls') continue;
    for (const call of data.step_details.tool_calls) if (call.type === 'code_interpreter') logs += call.code_interpreter.outputs.map((output) => (output.type === 'logs' ? output.logs : '')).join('');
  }
  if (last !== 'thread.run.completed' || logs !== (kind === 'code' ? '2\n' : '')) throw new Error(`a run of ${kind} ended with ${last}, its logs were ${JSON.stringify(logs)}`);
}

function compare(how: string, { tokens, nothing, code }: Took, aim: number): Row[] {
  // Each run is held against those of its own turn, so that whatever else the machine does falls on all alike.
  const over = (others: readonly number[]): number[] => code.map((took, at) => took - (others[at] ?? Number.NaN));
  const shown = (share: number) => `  (${ms(percentile(code, share))} with, ${ms(percentile(tokens, share))} without)`;
  return [
    held(`1+1 ${how}: added to a run, ${code.length} times, p50`, median(over(tokens)), ms, { most: aim }, shown(0.5)),
    { what: '… p99', value: ms(percentile(over(tokens), 0.99)) + shown(0.99) },
    { what: '… of which the execution, p50', value: `${ms(median(over(nothing)))}  (the run takes ${number(median(code) / median(tokens))} × as long as without)` },
  ];
}
