/** Runs that end while endpoints still answer their calls: nobody is waited for any longer, and nothing is written. */
import { describe, expect, test } from '@jest/globals';
import { calls, text } from '../../support/scripted-model.ts';
import type { Run } from '../clients/client.ts';
import { RUN_WINDOW_MS, type Stage, eventually } from '../stage.ts';
import { type Told, read, shape } from '../streams.ts';
import { Answerer, outputsOf } from '../tool-endpoints.ts';
import { functionTool, outputsFor } from '../tools.ts';

const call = (name: string) => ({ name, arguments: {} });
const TOOLS = ['there', 'here'].map(functionTool);
/** Eight minutes take their time where every second of them is lived through by processes of their own. */
const LONG_TEST_MS = 120_000;
const silent = (): undefined => undefined;

/** A run whose calls have come to the receiver, which does not answer; `also`: what else the model calls. */
async function calling(stage: Stage, { receiver }: Answerer, ...also: string[]): Promise<Run> {
  receiver.answer = silent;
  const { assistant_id, thread_id } = await stage.newPair({ tools: TOOLS });
  stage.model.script(calls(['there', ...also].map(call)));
  const run = also.length > 0 ? await stage.runs.createAndPoll(thread_id, { assistant_id }) : await stage.runs.create(thread_id, { assistant_id });
  await receiver.reached(1);
  return run;
}

const stepOf = async (stage: Stage, run: Run) => (await stage.stepsOf(run))[0];

export function toolEndpointsCut(use: () => Stage): void {
  describe('while endpoints answer', () => {
    test('a run is in progress, holds its thread, and can be cancelled', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there']);
      const { id, thread_id } = await calling(stage, answerer);

      const during = await stage.runs.retrieve(id, { thread_id });
      const open = await stepOf(stage, during);
      const busy = await stage.failure(stage.messages.create(thread_id, { role: 'user', content: 'Still there?' }));
      await stage.runs.cancel(id, { thread_id });
      await answerer.receiver.received[0]?.hungUp;
      const run = await stage.runs.poll(id, { thread_id });

      expect(during).toMatchObject({ status: 'in_progress', required_action: null, usage: null });
      expect(open).toMatchObject({ status: 'in_progress', usage: null, step_details: { tool_calls: [{ function: { name: 'there', output: null } }] } });
      expect(busy.message).toMatch(/while a run/);
      expect(run).toMatchObject({ status: 'cancelled', usage: { total_tokens: 15 } });
      expect(await stage.stepsOf(run)).toMatchObject([{ status: 'cancelled', usage: { total_tokens: 15 } }]);
      await stage.messages.create(thread_id, { role: 'user', content: 'Free again' });
    });

    test('a stream tells the cancellation in order', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there']);
      answerer.receiver.answer = silent;
      const { assistant_id, thread_id } = await stage.newPair({ tools: TOOLS });
      stage.model.script(calls([call('there')]));
      const told: Told = { names: [], events: [] };
      const reading = read(await stage.runs.create(thread_id, { assistant_id, stream: true }), told);
      await answerer.receiver.reached(1);

      await stage.runs.cancel((await stage.runs.list(thread_id)).data[0]?.id ?? '', { thread_id });
      await reading;

      expect(shape(told.names).slice(-4)).toEqual(['run.step.delta', 'run.cancelling', 'run.step.cancelled', 'run.cancelled']);
      await answerer.receiver.received[0]?.hungUp;
    });

    test('a run that waits for its client too can be cancelled', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there']);
      const run = await calling(stage, answerer, 'here');
      const { id, thread_id } = run;

      await stage.runs.cancel(id, { thread_id });
      await answerer.receiver.received[0]?.hungUp;

      expect(await stage.runs.poll(id, { thread_id })).toMatchObject({ status: 'cancelled', usage: { total_tokens: 15 } });
      expect(await stage.stepsOf(run)).toMatchObject([{ status: 'cancelled', usage: { total_tokens: 15 } }]);
    });

    test('a run whose client has answered can be cancelled', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there']);
      const run = await calling(stage, answerer, 'here');
      const { id, thread_id } = run;
      await stage.runs.submitToolOutputs(id, { thread_id, tool_outputs: outputsFor(run) });

      await stage.runs.cancel(id, { thread_id });
      await answerer.receiver.received[0]?.hungUp;

      expect((await stage.runs.poll(id, { thread_id })).status).toBe('cancelled');
      expect(await stepOf(stage, run)).toMatchObject({ status: 'cancelled', step_details: { tool_calls: [{ function: { output: null } }, { function: { output: 'output of here' } }] } });
    });

    test('a run whose client streams can be cancelled', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there']);
      const run = await calling(stage, answerer, 'here');
      const { id, thread_id } = run;
      const told: Told = { names: [], events: [] };
      const reading = read(await stage.runs.submitToolOutputs(id, { thread_id, tool_outputs: outputsFor(run), stream: true }), told);

      await stage.runs.cancel(id, { thread_id });
      await reading;
      await answerer.receiver.received[0]?.hungUp;

      expect(shape(told.names)).toEqual(['run.queued', 'run.in_progress', 'run.cancelling', 'run.step.cancelled', 'run.cancelled']);
    });

    test.each([['alone', []], ['beside the client', ['here']]])('a thread can be deleted, asked %s', async (_, also) => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there']);
      const { id, thread_id } = await calling(stage, answerer, ...also);

      await stage.threads.delete(thread_id);
      await answerer.receiver.received[0]?.hungUp;

      expect((await stage.failure(stage.runs.retrieve(id, { thread_id }))).status).toBe(404);
    });
  });
}

/** On a server whose clock the tests move. */
export function toolEndpointsInTime(use: () => Stage): void {
  describe('as time goes by, a tool endpoint', () => {
    test('has eight minutes, and then the run goes on', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there']);
      const { id, thread_id } = await calling(stage, answerer);
      stage.model.script(text('Sorry.'));

      await stage.server.pass(450_000);
      const during = await stage.runs.retrieve(id, { thread_id });
      await stage.server.pass(30_000);
      await answerer.receiver.received[0]?.hungUp;
      const run = await stage.runs.poll(id, { thread_id });

      expect(during.status).toBe('in_progress');
      expect(run.status).toBe('completed');
      expect(await outputsOf(stage, run)).toEqual(['Error: the endpoint of "there" did not answer within 480 seconds.']);
    }, LONG_TEST_MS);

    test('has what its project gives it', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there'], { timeout_seconds: 60 });
      const { id, thread_id } = await calling(stage, answerer);
      stage.model.script(text('Sorry.'));

      await stage.server.pass(60_000);

      const run = await stage.runs.poll(id, { thread_id });
      expect(await outputsOf(stage, run)).toEqual(['Error: the endpoint of "there" did not answer within 60 seconds.']);
    });

    test('leaves the model the end of the window to say what has come of it', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there']);
      const { receiver } = answerer;
      receiver.answer = () => (receiver.received.length === 1 ? 'at once' : undefined);
      const { assistant_id, thread_id } = await stage.newPair({ tools: TOOLS });
      stage.model.script(calls([call('there'), call('here')]));
      const first = await stage.runs.createAndPoll(thread_id, { assistant_id });
      const { id } = first;
      await eventually('the output is stored', async () => ((await outputsOf(stage, first))[0] ? true : undefined));
      // Nobody drives it, so that its time goes by in one leap.
      await stage.server.jump(480_000);
      stage.model.script(calls([call('there')]));
      await stage.runs.submitToolOutputs(id, { thread_id, tool_outputs: outputsFor(first) });
      await receiver.reached(2);
      stage.model.script(text('Sorry.'));

      const isOver = async () => (await stage.runs.retrieve(id, { thread_id })).status === 'completed';
      for (let n = 0; n < 25 && !(await isOver()); n++) await stage.server.pass(5000);

      const run = await stage.runs.retrieve(id, { thread_id });
      expect(run.status).toBe('completed');
      const [, , second] = await outputsOf(stage, run);
      const [, seconds] = /^Error: the endpoint of "there" did not answer within (\d+) seconds\.$/.exec(second ?? '') ?? [];
      expect(Number(seconds)).toBeGreaterThan(0);
      expect(Number(seconds)).toBeLessThanOrEqual(105);
    }, LONG_TEST_MS);

    test('that has answered does not keep a run that its client leaves alone', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there'], { timeout_seconds: 5 });
      const run = await calling(stage, answerer, 'here');

      await stage.server.pass(5000);
      await eventually('the output is stored', async () => ((await outputsOf(stage, run))[0] ? true : undefined));
      await stage.server.jump(RUN_WINDOW_MS);

      expect(await stage.runs.retrieve(run.id, { thread_id: run.thread_id })).toMatchObject({ status: 'expired', usage: { total_tokens: 15 } });
      expect(await stage.stepsOf(run)).toMatchObject([{ status: 'expired', step_details: { tool_calls: [{ function: { output: 'Error: the endpoint of "there" did not answer within 5 seconds.' } }, { function: { output: null } }] } }]);
    });

    test.each([['alone', []], ['beside the client', ['here']]])('is not waited for past the window, asked %s', async (_, also) => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['there']);
      const { id, thread_id } = await calling(stage, answerer, ...also);

      // All at once: no timer has had its turn before the window has closed.
      await stage.server.skip(RUN_WINDOW_MS);
      const seen = await stage.runs.retrieve(id, { thread_id });
      await stage.server.pass(5000);
      await answerer.receiver.received[0]?.hungUp;
      const run = await stage.runs.retrieve(id, { thread_id });

      expect([seen.status, run.status]).toEqual(['expired', 'expired']);
      expect(await stage.stepsOf(run)).toMatchObject([{ status: 'expired' }]);
      await stage.messages.create(thread_id, { role: 'user', content: 'Free again' });
    });
  });
}
