/** Trying again what DynamoDB turned away for a moment, or never answered. */
import { DynamoDBServiceException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { setTimeout as pause } from 'node:timers/promises';

const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1000;
/** After this long whoever asked is told that it failed. */
const PATIENCE_MS = 8000;

/** Reasons of a cancelled transaction that say nothing about its conditions. */
const PASSING_REASONS = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

/** Errors that the client, which tries throttled requests a few times by itself, either does not know or has given up on. */
const PASSING_ERRORS = new Set(['TransactionConflictException', 'TransactionInProgressException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'ThrottlingException']);

/**
 * Attempts again while DynamoDB says that another transaction is under way on the item, that there is too much to do, or
 * nothing at all: none of these says anything about the record, so none may look like a lost race. `attempt` is told
 * whether an earlier one may have been carried out.
 */
export async function whileBusy<T>(attempt: (isRepeated: boolean) => Promise<T>): Promise<T> {
  const untilMs = performance.now() + PATIENCE_MS;
  let isRepeated = false;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await attempt(isRepeated);
    } catch (error) {
      if (!mayPass(error) || performance.now() > untilMs) throw error;
      isRepeated ||= !wasRefused(error);
      // Jitter: rivals that collided once should not collide again.
      await pause(pauseMs * (0.5 + Math.random()));
    }
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof TransactionCanceledException) {
    const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code ?? 'None').filter((code) => code !== 'None');
    return codes.length > 0 && codes.every((code) => PASSING_REASONS.has(code));
  }
  if (error instanceof DynamoDBServiceException) return PASSING_ERRORS.has(error.name) || error.$fault === 'server';
  // No answer at all. The client has tried again by itself what it takes for trouble on the way, and nothing else.
  return attemptsOf(error) > 1;
}

/** True when DynamoDB certainly changed nothing; false when an answer never came, to this attempt or to one that the client made before. */
export const wasRefused = (error: unknown): boolean =>
  error instanceof TransactionCanceledException || (error instanceof DynamoDBServiceException && error.$fault === 'client' && attemptsOf(error) === 1);

/** How often the client has sent the request before it gave up. */
export const attemptsOf = (error: unknown): number => (error as { $metadata?: { attempts?: number } }).$metadata?.attempts ?? 1;
