/** What happens to one batch of a stream: invocations until all of it went well or was given up. */
import type { DynamoDBRecord } from 'aws-lambda';
import type { Clock } from '../../../shared/domain/clock.ts';
import { sleep } from '../../../shared/domain/clock.ts';
import { failuresOf } from './batch-result.ts';
import type { Invocable } from './lambda-function.ts';

export interface RetrySettings {
  reportBatchItemFailures: boolean;
  bisectBatchOnFunctionError: boolean;
  /** After the first attempt; -1 for no limit. */
  maximumRetryAttempts: number;
  /** -1 for no limit. */
  maximumRecordAgeInSeconds: number;
}

/** A record and when the mapping first saw it, which is more exact than the record's own date. */
export interface Seen {
  record: DynamoDBRecord;
  seenMs: number;
}

export interface GivenUp {
  records: DynamoDBRecord[];
  condition: 'RetryAttemptsExhausted' | 'RecordAgeExceeded';
  invocations: number;
}

interface Parts {
  settings: RetrySettings;
  target: Invocable;
  clock: Clock;
  giveUp: (batch: GivenUp) => Promise<void>;
  /** Aborted when nothing is to be tried again. */
  signal: AbortSignal;
}

/** The service's own pauses grow and are not documented. */
const RETRY_MS = 1000;

const numberOf = ({ dynamodb }: DynamoDBRecord): string => dynamodb?.SequenceNumber ?? '';

/** Resolves when the next batch's turn has come, or rejects when it was told to stop before that. */
export async function deliverBatch(parts: Parts, batch: Seen[], failedBefore = 0): Promise<void> {
  const { settings, clock, giveUp, signal } = parts;
  let left = batch;
  for (let failed = failedBefore; left.length > 0; ) {
    left = await withoutOld(parts, left, failed);
    if (left.length === 0) return;
    const records = left.map(({ record }) => record);
    const outcome = await attempt(parts, records);
    if (outcome === 'threw' && settings.bisectBatchOnFunctionError && left.length > 1) {
      // Splitting is no attempt. The second half waits for the first: a stream keeps its order.
      const middle = Math.ceil(left.length / 2);
      await deliverBatch(parts, left.slice(0, middle), failed);
      return deliverBatch(parts, left.slice(middle), failed);
    }
    if (outcome !== 'threw') left = left.slice(outcome);
    if (left.length === 0) return;
    failed++;
    if (settings.maximumRetryAttempts >= 0 && failed > settings.maximumRetryAttempts) {
      return giveUp({ records: left.map(({ record }) => record), condition: 'RetryAttemptsExhausted', invocations: failed });
    }
    await sleep(clock, RETRY_MS, signal);
  }
}

/** How many records from the first on went well, or that the invocation failed as a whole. */
async function attempt({ settings, target }: Parts, records: DynamoDBRecord[]): Promise<number | 'threw'> {
  let result: unknown;
  try {
    result = await target.invoke({ Records: records });
  } catch {
    return 'threw';
  }
  if (!settings.reportBatchItemFailures) return records.length;
  const failures = failuresOf(result, records.map(numberOf));
  if (failures === 'all') return 'threw';
  // What comes after the first that failed is delivered again, whether or not it went well.
  const first = records.findIndex((record) => failures.has(numberOf(record)));
  return first === -1 ? records.length : first;
}

async function withoutOld({ settings, clock, giveUp }: Parts, left: Seen[], invocations: number): Promise<Seen[]> {
  const { maximumRecordAgeInSeconds } = settings;
  if (maximumRecordAgeInSeconds < 0) return left;
  const isOld = ({ seenMs }: Seen) => clock.nowMs() - seenMs > maximumRecordAgeInSeconds * 1000;
  const old = left.filter(isOld);
  if (old.length === 0) return left;
  await giveUp({ records: old.map(({ record }) => record), condition: 'RecordAgeExceeded', invocations });
  return left.filter((seen) => !isOld(seen));
}
