import { describe, expect, test } from '@jest/globals';
import { Step, type CallSpec, calls, hold, text } from '../../support/scripted-model.ts';
import type { AssistantStreamEvent } from '../clients/client.ts';
import { code, codeCalls, execute, logsOf, newCoder, outcome } from '../code-interpreter.ts';
import { type Stage, eventually } from '../stage.ts';
import { type Told, merged, only, read, shape } from '../streams.ts';
import { follow } from './follow.ts';

export const ENDLESS = 'while True: pass';

/** Stops in the middle of its arguments until it is released. */
export function heldCall(call: CallSpec): Step {
  const { moves } = calls([call]);
  return new Step('a call that is held', moves.toSpliced(moves.length - 2, 0, { kind: 'wait' }));
}

const codeTold = ({ events }: Told) =>
  events
    .flatMap(({ event, data }) => (event === 'thread.run.step.delta' && data.delta.step_details?.type === 'tool_calls' ? (data.delta.step_details.tool_calls ?? []) : []))
    .flatMap((call) => (call.type === 'code_interpreter' ? [call.code_interpreter ?? {}] : []));

export const inputTold = (told: Told): string => codeTold(told).map(({ input = '' }) => input).join('');
export const logsTold = (told: Told): string => codeTold(told).flatMap(({ outputs = [] }) => outputs.map((output) => (output.type === 'logs' ? output.logs : ''))).join('');

/** Begins a run that executes this code, streamed; resolves when the model has said all of it. `before`: what happens while the model is silent. */
export async function begun(stage: Stage, { assistant_id, thread_id }: { assistant_id: string; thread_id: string }, source: string, before: () => Promise<unknown> = () => Promise.resolve()) {
  const step = calls([code(source)]).gated();
  stage.model.script(step);
  const told: Told = { names: [], events: [] };
  const reading = read(await stage.runs.create(thread_id, { assistant_id, stream: true }), told);
  // Whoever waits for it hears of its failure.
  reading.catch(() => undefined);
  await step.reached;
  await before();
  step.release();
  await eventually('the code has been told', () => Promise.resolve(inputTold(told) === source || undefined));
  const [run] = (await stage.runs.list(thread_id)).data;
  if (!run) throw new Error('there is no run');
  return { told, reading, run };
}

export const BEGUN = `print('begun', flush=True)\n${ENDLESS}`;

/** Resolves when the code is at work; where output is told at its end alone, something else must know. */
export type AtWork = (stage: Stage, told: Told) => Promise<void>;
export const hasWritten: AtWork = async (_, told) => {
  await eventually('the code has begun', () => Promise.resolve(logsTold(told).startsWith('begun') || undefined));
};

export function codeInterpreterEnds(use: () => Stage, atWork = hasWritten): void {
  describe('code that is executed', () => {
    test('is stopped when its run is cancelled, and the thread can be used again', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const { told, reading, run } = await begun(stage, pair, BEGUN);
      await atWork(stage, told);

      await stage.runs.cancel(run.id, run);
      await reading;

      expect(shape(told.names).slice(-3)).toEqual(['run.cancelling', 'run.step.cancelled', 'run.cancelled']);
      const { run: cancelled, steps } = await outcome(stage, await stage.runs.retrieve(run.id, run));
      expect(cancelled).toMatchObject({ status: 'cancelled', usage: { total_tokens: 15 } });
      expect(steps).toMatchObject([{ status: 'cancelled', usage: { total_tokens: 15 } }]);
      expect(codeCalls(steps[0])).toMatchObject([{ code_interpreter: { input: BEGUN } }]);
      expect(merged((await read(await follow(stage, run))).events)).toEqual(merged(told.events));
      expect((await execute(stage, pair, '1 + 1')).logs).toEqual(['2\n']);
    });

    test('is stopped when a run is cancelled that was not streamed', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      stage.model.script(calls([code(BEGUN)]));
      const run = await stage.runs.create(pair.thread_id, { assistant_id: pair.assistant_id });
      const told: Told = { names: [], events: [] };
      const following = read(await follow(stage, run), told);
      await atWork(stage, told);

      await stage.runs.cancel(run.id, run);

      expect((await stage.runs.poll(run.id, run)).status).toBe('cancelled');
      expect((await following).names.at(-1)).toBe('thread.run.cancelled');
      expect((await execute(stage, pair, '1 + 1')).logs).toEqual(['2\n']);
    });

    test('is not begun any more when the run is cancelled just before', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const { told, reading, run } = await begun(stage, pair, ENDLESS);

      await stage.runs.cancel(run.id, run);
      await reading;

      expect(shape(told.names).slice(-3)).toEqual(['run.cancelling', 'run.step.cancelled', 'run.cancelled']);
      expect((await execute(stage, pair, '1 + 1')).logs).toEqual(['2\n']);
    });

    test('is not begun when the run is cancelled while the model still writes it', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const step = heldCall(code("open('/mnt/data/written.txt', 'w').write('x')"));
      stage.model.script(step);
      const told: Told = { names: [], events: [] };
      const reading = read(await stage.runs.create(pair.thread_id, { assistant_id: pair.assistant_id, stream: true }), told);
      await eventually('some of it has been told', () => Promise.resolve(inputTold(told) !== '' || undefined));

      const [run] = (await stage.runs.list(pair.thread_id)).data;
      await stage.runs.cancel(run?.id ?? '', pair);
      await reading;

      expect(shape(told.names).slice(-2)).toEqual(['run.step.cancelled', 'run.cancelled']);
      expect((await execute(stage, pair, "import os\nos.listdir('/mnt/data')")).logs).toEqual(['[]\n']);
    });

    test('goes with its thread: the stream ends, and says so', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const { told, reading, run } = await begun(stage, pair, BEGUN);
      await atWork(stage, told);

      await stage.threads.delete(pair.thread_id);

      expect((await stage.failure(reading)).message).toMatch(/No (thread|run) found/);
      expect((await stage.failure(stage.runs.retrieve(run.id, run))).status).toBe(404);
      expect((await execute(stage, await newCoder(stage), '1 + 1')).logs).toEqual(['2\n']);
    });

    test('goes on when whoever streams it leaves', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const step = heldCall(code("print('executed')"));
      stage.model.script(step, text('Done.'));
      const stream = stage.runs.stream(pair.thread_id, { assistant_id: pair.assistant_id });
      const called = Promise.withResolvers<void>();
      stream.on('toolCallCreated', () => called.resolve());
      await called.promise;

      stream.abort();
      await stream.done().catch(() => undefined);
      step.release();

      const [run] = (await stage.runs.list(pair.thread_id)).data;
      const done = await outcome(stage, await stage.runs.poll(run?.id ?? '', pair));
      expect([done.run.status, done.logs]).toEqual(['completed', ['executed\n']]);
    });

    test('may end its interpreter: the next begins a new one, with the files but without the variables', async () => {
      const stage = use();
      const pair = await newCoder(stage);

      const { run, logs } = await execute(stage, pair, "kept = 1\nopen('/mnt/data/kept.txt', 'w').write('kept');", "import os\nprint('dying', flush=True)\nos._exit(1)", "print('kept' in globals(), open('/mnt/data/kept.txt').read())");

      expect([run.status, logs[0], logs[2]]).toEqual(['completed', '', 'False kept\n']);
      // Where output is told at its end alone, it is lost.
      expect(logs[1]).toMatch(/^(dying\n)?\[The interpreter ended while the code ran\.[^\]]*\]\n$/);
      expect(stage.model.requests[2]?.body.messages.at(-1)?.content).toMatch(/variables/i);
    });

    test('is told alike to those who listen from the beginning, come in the middle, and come late', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const [first, second] = [heldCall(code("for n in range(5): print('line', n, flush=True)\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);")), hold('All is done.')];
      stage.model.script(first, second);
      const told: Told = { names: [], events: [] };
      const reading = read(await stage.runs.create(pair.thread_id, { assistant_id: pair.assistant_id, stream: true }), told);
      await eventually('some of it has been told', () => Promise.resolve(inputTold(told) !== '' || undefined));
      const [run] = (await stage.runs.list(pair.thread_id)).data;
      if (!run) throw new Error('there is no run');

      const early = await attached(stage, run);
      first.release();
      await second.reached;
      const late = await attached(stage, run);
      second.release();
      await reading;

      const whole = merged(told.events);
      for (const following of [early, late]) expect(merged((await following.reading).events)).toEqual(whole);
      expect(merged((await read(await follow(stage, run))).events)).toEqual(whole);
      expect(logsOf((await stage.stepsOf(only(told, 'thread.run.completed')))[0])).toBe('line 0\nline 1\nline 2\nline 3\nline 4\n');
    });

    test('in many threads at once knows only its own', async () => {
      const stage = use();
      const assistant = await stage.newAssistant({ tools: [{ type: 'code_interpreter' }] });
      const threads = await Promise.all(Array.from({ length: 5 }, (_, n) => stage.newThread(`Thread ${n}`)));
      for (const [n] of threads.entries()) {
        const mine = (messages: unknown): boolean => JSON.stringify(messages).includes(`Thread ${n}`);
        stage.model.scriptFor(({ messages }) => mine(messages), calls([code(`import os\nopen('/mnt/data/own.txt', 'w').write('${n}');\nown = ${n}`)]), calls([code("print(own, open('/mnt/data/own.txt').read(), os.listdir('/mnt/data'))")]), text('Done.'));
      }

      const done = await Promise.all(threads.map(async ({ id }) => outcome(stage, await stage.runs.createAndPoll(id, { assistant_id: assistant.id }))));

      expect(done.map(({ logs }) => logs)).toEqual(threads.map((_, n) => ['', `${n} ${n} ['own.txt']\n`]));
    });
  });
}

/** Follows a run; resolves when the first events are there, with what it comes to. */
async function attached(stage: Stage, run: { id: string; thread_id: string }): Promise<{ reading: Promise<Told> }> {
  const first = Promise.withResolvers<void>();
  const events = await follow(stage, run);
  const noticed = async function* (): AsyncGenerator<AssistantStreamEvent> {
    for await (const event of events) {
      first.resolve();
      yield event;
    }
  };
  const reading = read(noticed());
  await Promise.race([first.promise, reading]);
  return { reading };
}
