/** What the table's stream wakes: who cleans up behind threads and files that are gone, and who tells of what has happened. */
import { Duration, type Stack } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { EventTellerEnv } from '../../functions/event-teller/env.ts';
import { ThreadReaperEnv } from '../../functions/thread-reaper/env.ts';
import type { CodeInterpreter } from '../constructs/code-interpreter.ts';
import { type Data, recordAccess, whyRecordAccess } from '../constructs/permissions.ts';
import { startTimers } from '../constructs/run-timers.ts';
import { ServiceFunction, type ServiceFunctionProps, type Surroundings } from '../constructs/service-function.ts';
import { REMOVED, STREAMS_AND_TRACES, StreamFeed, TOLD } from '../constructs/stream-feed.ts';

interface StreamFunctionsProps {
  around: Surroundings;
  store: Data;
  /** Those of the event-teller; the reaper gets what it asks for. */
  variables: ServiceFunctionProps<typeof EventTellerEnv>['environment'];
  sendDeliveries: PolicyStatement;
  indexing: { INDEX_QUEUE_URL: string };
  sendIndexJobs: PolicyStatement;
  /** Absent, as is its id, where no code is executed. */
  interpreter: CodeInterpreter | undefined;
  code: { CODE_INTERPRETER_ID: string | undefined };
}

export function addStreamFunctions(stack: Stack, { around, store, variables, sendDeliveries, indexing, sendIndexJobs, interpreter, code }: StreamFunctionsProps): Record<'reaper' | 'teller', IFunction> {
  const { monitoring } = around;
  const { table } = store;
  const explanations = { ...whyRecordAccess(store), ...STREAMS_AND_TRACES };
  const { WEBHOOK_QUEUE_URL: _, STATE_MACHINE_ARN: __, ...runs } = variables;

  const reaper = new ServiceFunction(stack, 'ThreadReaper', {
    ...around,
    folder: 'thread-reaper',
    description: 'Exports threads that have expired where that is wanted; deletes what belonged to threads, files and uploads that are gone; ends their sessions of code',
    schema: ThreadReaperEnv,
    environment: { ...runs, ...indexing, ...code },
    timeout: Duration.minutes(15),
    memorySize: 512,
    permissions: [
      ...recordAccess(store, {
        get: ['A', 'B', 'E', 'P', 'T', 'V'],
        page: ['B', 'T', 'U'],
        // A file that is gone is taken out of assistants and threads.
        put: ['A', 'E', 'T', 'V'],
        delete: ['B', 'T', 'U', 'V'],
        blobs: ['Get', 'Put', 'Delete'],
        exports: ['Get', 'Put', 'Delete', 'Abort'],
        files: ['Delete', 'Abort'],
      }),
      sendIndexJobs,
      ...(interpreter ? [interpreter.end()] : []),
    ],
    explanations,
    errorImpact: 'Nobody who calls the API notices. Messages of deleted threads and contents of deleted files, which nobody can read any more, are not physically deleted: that is owed to their authors within a day, while the stream remembers. Exports of expired threads are not written.',
  });
  new StreamFeed(stack, 'ReaperFeed', {
    monitoring,
    table,
    target: reaper.fn,
    filters: REMOVED,
    batchSize: 10,
    // A thread that takes longer to export or to delete than an invocation lasts takes several: this many are fifteen hours.
    retryAttempts: 60,
    late: {
      after: Duration.hours(1),
      errorImpact: 'What belonged to deleted threads and files is deleted more than an hour late. Nobody can read it, but after 24 hours the stream forgets it. Look at thread-reaper.',
    },
    givenUpImpact:
      'Messages of deleted threads or contents of deleted files were not deleted after 60 attempts, or expired threads not exported. Nobody can read them, but their authors are owed it: the queue’s messages say where in the stream they are, for 24 hours.',
  });

  const teller = new ServiceFunction(stack, 'EventTeller', {
    ...around,
    folder: 'event-teller',
    description: 'Makes a delivery of each event for each webhook endpoint that wants to know',
    schema: EventTellerEnv,
    environment: variables,
    timeout: Duration.minutes(1),
    memorySize: 512,
    permissions: [...recordAccess(store, { get: ['P', 'T'], list: ['W'], put: ['D'], blobs: ['Get'] }), sendDeliveries, startTimers(stack)],
    explanations,
    errorImpact: 'Events are not told to webhook endpoints: each is tried again for as long as the stream remembers, up to a day. Runs are not held up.',
  });
  new StreamFeed(stack, 'TellerFeed', {
    monitoring,
    table,
    target: teller.fn,
    filters: TOLD,
    batchSize: 50,
    // One event that cannot be told holds up those of a tenth of all threads, for as long as it takes to give it up.
    retryAttempts: 100,
    late: { after: Duration.minutes(10), errorImpact: 'Events are told to webhook endpoints more than ten minutes late. Look at event-teller: is it throttled or failing?' },
    givenUpImpact: 'Events were not told to webhook endpoints after 100 attempts, and will not be: the queue’s messages say where in the stream they are, for 24 hours. Look at event-teller for why.',
  });
  return { reaper: reaper.fn, teller: teller.fn };
}
