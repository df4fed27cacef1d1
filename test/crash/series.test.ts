/** One conversation, and a server that dies at one durable step after the other, also while it takes over from itself. */
import { describe, test } from '@jest/globals';
import { survives } from './points.ts';

/** Every life gets a little further than the one before. */
const LIVES = [
  'inside:create-run',
  'after:create-run',
  'before:claim-run',
  'inside:claim-run',
  'after:claim-run',
  'model:request',
  'model:chunk:2',
  'inside:save-text',
  'after:save-text',
  'inside:require-action',
  'after:require-action',
  'inside:submit-tool-outputs',
  'after:submit-tool-outputs',
  'after:claim-run',
  'inside:save-answered-calls',
  'after:save-answered-calls',
  'model:chunk:4',
  'inside:end-run-completed',
  'after:end-run-completed',
  'before:create-message',
  'after:create-message',
  'model:end',
];

describe('a server that dies again and again', () => {
  test.concurrent.each([
    ['polled', false],
    ['streamed', true],
  ])('brings a %s conversation to its end', (_, streamed) => survives(LIVES, streamed), 200_000);
});
