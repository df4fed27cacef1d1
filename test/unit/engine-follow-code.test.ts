import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import type { RunEvent } from '../../shared/domain/run-event.ts';
import type { Run } from '../../shared/domain/run.ts';
import { followRun } from '../../shared/engine/follow-run.ts';
import type { RunSignals } from '../../shared/engine/run-signals.ts';
import type { ModelChunk } from '../../shared/ports/model.ts';
import { ruledListener } from '../support/ruled-listener.ts';
import { CodeStage, asks, code, says } from './code-stage.ts';
import { PROJECT } from './sample-records.ts';

// Whoever follows a run that executes code, from whatever moment on, is told deltas that add up to its steps and messages.

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);
const INPUT = 'for n in range(3):\n    print(n)  # 🧀\n'.repeat(5);

/** As models stream their calls: a few characters of JSON at a time. */
function inPieces(input: string): ModelChunk[] {
  const args = JSON.stringify({ code: input });
  const piece = (index: number) => ({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: args.slice(index, index + 2) } }] }, finish_reason: null }] });
  const pieces = Array.from({ length: Math.ceil(args.length / 2) }, (_, n) => piece(2 * n));
  const opening: ModelChunk = { choices: [{ index: 0, delta: { tool_calls: [{ index: 0, id: 'call_0', type: 'function', function: { name: 'code_interpreter', arguments: '' } }] }, finish_reason: null }] };
  return [opening, ...pieces, { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] }];
}

/** What the driver told last, and how it can be told from other deltas of its sort. */
function gist(event: RunEvent | undefined): string {
  if (event?.type !== 'thread.run.step.delta') return event?.type ?? 'nothing';
  const [delta] = event.toolCalls;
  const piece = delta?.type === 'code_interpreter' ? delta.code_interpreter : {};
  return piece.input ? 'input' : (piece.outputs?.[0]?.type ?? 'opening');
}

function follow(stage: CodeStage, run: Run, signals: RunSignals) {
  const { events, problems, emit } = ruledListener();
  const since = gist(stage.events.at(-1));
  const following = followRun(stage.world(), signals, { projectId: PROJECT, threadId: run.threadId, runId: run.id }, emit, new AbortController().signal);
  return { events, problems, since, following };
}

function script(stage: CodeStage): void {
  stage.answers.push(inPieces(INPUT), asks(code('again()')), says('See [it](sandbox:/mnt/data/a.csv).'));
  stage.sandbox.scripts.push(
    async ({ onLogs }) => {
      for (let n = 0; n < 5; n++) {
        onLogs?.(`${n}\n`);
        await turn();
        await stage.clock.pass(50);
      }
      return { logs: '0\n1\n2\n3\n4\n', images: [PNG, PNG], writes: { 'a.csv': '1' } };
    },
    { images: [PNG] },
  );
}

it('in the process of its driver, at every turn of its event loop', async () => {
  await using stage = await CodeStage.start();
  script(stage);
  const run = await stage.newRun();
  const followers = [follow(stage, run, stage.signals())];
  let isOver = false;
  const driving = stage.drive(run).finally(() => (isOver = true));
  for (; !isOver; await turn()) followers.push(follow(stage, run, stage.signals()));
  await driving;
  await Promise.all(followers.map(({ following }) => following));

  expect(followers.flatMap(({ problems }) => problems)).toEqual([]);
  expect(followers.map(({ events }) => events.at(-1)?.type)).toEqual(followers.map(() => 'thread.run.completed'));
  const steps = await stage.stepsOf(run);
  for (const { events } of followers) expect(events.flatMap((event) => (event.type === 'thread.run.step.completed' ? [event.step] : []))).toEqual(steps);
  // They came at all of these moments.
  expect([...new Set(followers.map(({ since }) => since))]).toEqual(expect.arrayContaining(['nothing', 'input', 'logs', 'thread.run.step.completed', 'thread.message.delta']));
});

it('in another process, as it stores its steps', async () => {
  await using stage = await CodeStage.start();
  script(stage);
  const run = await stage.newRun();
  const follower = follow(stage, run, stage.signals('second'));
  stage.before = async () => void (await stage.clock.pass(500));
  await stage.drive(run);
  await stage.clock.pass(500);
  await follower.following;

  expect(follower.problems).toEqual([]);
  expect(follower.events.filter(({ type }) => type.endsWith('completed')).map(({ type }) => type)).toEqual(['thread.run.step.completed', 'thread.run.step.completed', 'thread.message.completed', 'thread.run.step.completed', 'thread.run.completed']);
});
