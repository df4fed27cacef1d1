/** Streamed runs on a deployment whose environments die at each of their calls to AWS. */
import { describe, expect, test } from '@jest/globals';
import { COLD, TEST_MS, killAtModel, outlives, useScene } from './crash/outlives.ts';
import { asDeath } from './crash/saboteur.ts';

/** Before any run: the same for polled runs, and tried there. */
const BEFORE = ['Api GetItem #1', 'Api TransactWriteItems #1', 'Api TransactWriteItems #2', 'Api TransactWriteItems #3', 'Api Query #1'];
/** Every call that changes something, request by request. */
const POINTS = [
  // A run, claimed as it is made; a text, then calls to be answered.
  ...['Api SendMessage #1', 'Api TransactWriteItems #4', 'Api GetSecretValue #1', 'Api TransactWriteItems #5', 'Api StartExecution #1', 'Api TransactWriteItems #6'],
  // Outputs; calls that are answered at once; the end.
  ...['Api SendMessage #2', 'Api TransactWriteItems #7', 'Api StopExecution #1', 'Api TransactWriteItems #8', 'Api TransactWriteItems #9'],
  // A further message and run.
  ...['Api TransactWriteItems #10', 'Api SendMessage #3', 'Api TransactWriteItems #11', 'Api TransactWriteItems #12'],
];
const DEATHS = ['before', 'after'].flatMap((when) => POINTS.map((point) => `${when} ${point}`));

const scene = useScene();

test('these are all the calls that a conversation makes', async () => {
  const passed = await outlives(scene(), { streamed: true, cold: true });
  expect(passed.sort()).toEqual([...BEFORE, ...POINTS].sort());
}, TEST_MS);

describe('a conversation outlives a death', () => {
  test.each(DEATHS)('%s', async (death) => {
    await outlives(scene(), { streamed: true, deaths: [asDeath(death)], cold: COLD.test(death) });
  }, TEST_MS);

  test.each([0, 2, 4, 7, 9])('while the model answers, after %i pieces', async (moves) => {
    await outlives(scene(), { streamed: true, sabotage: (its) => killAtModel(its, 'Api', moves) });
  }, TEST_MS);
});
