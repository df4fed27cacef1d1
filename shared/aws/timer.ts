import { ExecutionAlreadyExists, ExecutionDoesNotExist, ExecutionLimitExceeded, type SFNClient, StartExecutionCommand, StopExecutionCommand, ValidationException } from '@aws-sdk/client-sfn';
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type Scheduled, TimersFullError } from '../ports/commit.ts';
import { type Handle, Job } from '../ports/queue.ts';
import { type QueueParts, makeSender, pauseAfter } from './queue.ts';

/** What the state machine is started with: it waits until `dueAt`, then hands the whole to the timer's Lambda. */
const TimerInput = z.strictObject({ dueAt: z.iso.datetime(), job: Job });

export interface Timers {
  /** TimersFullError when the account has a million of them open, as threads that are to be warned of their end keep them. */
  start(scheduled: Scheduled): Promise<void>;
  /** Takes back a timer; does nothing for the names of jobs. */
  stop(name: string): Promise<void>;
}

/** Names of timers begin so; every other name is of a job, which cannot be taken back from SQS. */
const TIMER_PREFIXES = ['expire:', 'warn:'];
/** Left out of the names of executions, as there is room for little more than an id. */
const LEFT_OUT = 'expire:';

export function makeTimers(sfn: SFNClient, stateMachineArn: string): Timers {
  return {
    async start({ name, job, dueMs }) {
      const input: z.infer<typeof TimerInput> = { dueAt: wholeSecond(dueMs), job };
      try {
        await sfn.send(new StartExecutionCommand({ stateMachineArn, name: executionName(name), input: JSON.stringify(input) }));
      } catch (error) {
        if (error instanceof ExecutionLimitExceeded) throw new TimersFullError(error);
        // The same timer of an attempt before this one: it will go off, or has gone off.
        if (!(error instanceof ExecutionAlreadyExists)) throw error;
      }
    },
    async stop(name) {
      if (!TIMER_PREFIXES.some((prefix) => name.startsWith(prefix))) return;
      const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${executionName(name)}`;
      try {
        await sfn.send(new StopExecutionCommand({ executionArn }));
      } catch (error) {
        // It was never started, or has ended by itself.
        if (!(error instanceof ExecutionDoesNotExist || error instanceof ValidationException)) throw error;
      }
    },
  };
}

/** Step Functions counts in seconds: never early. */
const wholeSecond = (ms: number): string => new Date(Math.ceil(Math.max(ms, 0) / 1000) * 1000).toISOString().replace('.000Z', 'Z');

/** `expire:run_x:1` is `run_x-1` there: colons are not allowed. A name that does not fit is replaced by its digest. */
export function executionName(name: string): string {
  const plain = (name.startsWith(LEFT_OUT) ? name.slice(LEFT_OUT.length) : name).replaceAll(':', '-');
  return /^[A-Za-z0-9_-]{1,80}$/.test(plain) ? plain : createHash('sha256').update(name).digest('hex');
}

/**
 * Handles what the state machine hands over. What is not done goes on as a message of the queue, which knows attempts and
 * pauses; only when that cannot be sent does it reject, and the state machine tries again.
 */
export async function handleTimer(parts: QueueParts, input: unknown, handle: Handle): Promise<void> {
  const { job } = TimerInput.parse(input);
  const sender = makeSender(parts);
  try {
    const outcome = await handle({ job, attempt: 1 });
    if (!outcome.done) await sender.send({ job, dueMs: parts.clock.nowMs() + outcome.againInMs, failures: outcome.failed ? 1 : 0 });
  } catch (error) {
    parts.log.error('job_failed', { attempt: 1, error });
    await sender.send({ job, dueMs: parts.clock.nowMs() + pauseAfter(1), failures: 1 });
  }
}
