/** The durable steps of a run and the moments between them, and what is demanded of a conversation that dies at one. */
import { expect, test } from '@jest/globals';
import { CrashableServer } from './crashable.ts';
import { brokenPromises, brokenRules } from './ledger.ts';
import { MODEL_CALLS, RUN_COSTS, STEPS, TRANSCRIPT, converse, runsOf, stepsOf, surprisesOf, transcript, weatherModel } from './conversation.ts';

/** For a whole test: far more than any takes, far less than for ever. */
export const TEST_MS = 120_000;

export const around = (...names: string[]): string[] => names.flatMap((name) => [`before:${name}`, `inside:${name}`, `after:${name}`]);

/** Passed by a polled and by a streamed run alike. */
const COMMON = [
  ...around('create-run'),
  'model:request',
  'model:chunk:1',
  'model:chunk:3',
  ...around('save-text'),
  'model:chunk:8',
  'model:end',
  ...around('require-action', 'submit-tool-outputs'),
  'model:request@2',
  'model:chunk:3@2',
  ...around('save-answered-calls'),
  'model:request@3',
  'model:chunk:4@3',
  'model:end@3',
  ...around('end-run-completed'),
];
export const STREAMED_POINTS = COMMON;
/** A run that nobody streams is driven by the queue's deliveries. */
export const POLLED_POINTS = [...COMMON, ...around('claim-run'), ...around('claim-run').map((point) => `${point}@2`), 'before-ack:drive-run', 'before-ack:drive-run@2'];
/** Have nothing to do with runs, and need no second variant. */
export const CLIENT_POINTS = ['boot:migrated', ...around('create-assistant', 'create-thread', 'create-message')];

export const withoutCount = (point: string): string => point.replace(/@\d+$/, '');

/** A conversation on a server that dies at these points, one life after the other, must leave exactly what it leaves on one that lives. */
export async function survives(crashAt: string[], streamed: boolean): Promise<void> {
  await using model = await weatherModel();
  await using server = await CrashableServer.start({ modelUrl: model.baseUrl, crashAt });

  const { threadId, first, next, told } = await converse(server, streamed);

  expect(server.crashes).toEqual(crashAt.map(withoutCount));
  expect([first.status, next.status]).toEqual(['completed', 'completed']);
  expect(await transcript(server, threadId)).toEqual(TRANSCRIPT);
  expect(await stepsOf(server, threadId, first.id)).toEqual(STEPS);
  expect(await stepsOf(server, threadId, next.id)).toEqual(['message_creation completed']);
  expect((await runsOf(server, threadId)).map(({ id }) => id)).toEqual([first.id, next.id]);
  expect([first.usage?.total_tokens, next.usage?.total_tokens]).toEqual([RUN_COSTS.first, RUN_COSTS.next]);
  expect(brokenPromises(server, told)).toEqual([]);
  expect(await brokenRules(server)).toEqual([]);
  expect(await surprisesOf(model)).toEqual([]);
  // What a crash costs at most is one call of the model each, made again.
  expect(model.requests.length - MODEL_CALLS).toBeLessThanOrEqual(crashAt.length);
}

export function testEach(points: string[], streamed: boolean): void {
  test.concurrent.each(points)('a conversation outlives a kill -9 at %s', (point) => survives([point], streamed), TEST_MS);
}
