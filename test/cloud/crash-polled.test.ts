/** Polled runs on a deployment whose environments die at each of their calls to AWS. */
import { describe, expect, test } from '@jest/globals';
import { COLD, TEST_MS, killAtModel, outlives, useScene } from './crash/outlives.ts';
import { asDeath } from './crash/saboteur.ts';

/** Every call that changes something, and the first of each that only reads, request by request. */
const POINTS = [
  // An assistant, a thread, a message.
  ...['Api GetItem #1', 'Api TransactWriteItems #1', 'Api TransactWriteItems #2', 'Api TransactWriteItems #3'],
  // A run, once the client has looked that there is none.
  ...['Api Query #1', 'Api SendMessage #1', 'Api SendMessage #2', 'Api TransactWriteItems #4'],
  // Claimed; a text, then calls to be answered.
  ...['RunWorker ChangeMessageVisibility #1', 'RunWorker GetItem #1', 'RunWorker Query #1', 'RunWorker PutItem #1', 'RunWorker GetSecretValue #1'],
  ...['RunWorker TransactWriteItems #1', 'RunWorker StartExecution #1', 'RunWorker TransactWriteItems #2', 'RunWorker DeleteMessage #1'],
  // Outputs.
  ...['Api SendMessage #3', 'Api SendMessage #4', 'Api TransactWriteItems #5', 'Api StopExecution #1'],
  // Claimed again; calls that are answered at once; the end.
  ...['RunWorker ChangeMessageVisibility #2', 'RunWorker PutItem #2', 'RunWorker TransactWriteItems #3', 'RunWorker TransactWriteItems #4', 'RunWorker DeleteMessage #2'],
];
/** A further message and run, which make the calls of the first ones again. */
const AGAIN = [
  ...['Api TransactWriteItems #6', 'Api SendMessage #5', 'Api SendMessage #6', 'Api TransactWriteItems #7'],
  ...['RunWorker ChangeMessageVisibility #3', 'RunWorker PutItem #3', 'RunWorker TransactWriteItems #5', 'RunWorker DeleteMessage #3'],
];
/** What has only been read leaves nothing behind: a death after it is one before what comes next. */
const READS = /GetItem|Query|GetSecretValue/;
const DEATHS = [...POINTS.map((point) => `before ${point}`), ...POINTS.filter((point) => !READS.test(point)).map((point) => `after ${point}`), 'after Api TransactWriteItems #7', 'after RunWorker TransactWriteItems #5'];

const scene = useScene();

test('these are all the calls that a conversation makes', async () => {
  const passed = await outlives(scene(), { streamed: false, cold: true });
  expect(passed.sort()).toEqual([...POINTS, ...AGAIN].sort());
}, TEST_MS);

describe('a conversation outlives a death', () => {
  test.each(DEATHS)('%s', async (death) => {
    await outlives(scene(), { streamed: false, deaths: [asDeath(death)], cold: COLD.test(death) });
  }, TEST_MS);

  test.each([0, 2, 4, 7, 9])('while the model answers, after %i pieces', async (moves) => {
    await outlives(scene(), { streamed: false, sabotage: (its) => killAtModel(its, 'RunWorker', moves) });
  }, TEST_MS);
});
