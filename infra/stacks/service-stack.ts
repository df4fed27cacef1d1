/** Everything that can be taken down and put up again: functions, queues, timers, the API, and who watches them. */
import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ApiEnv } from '../../functions/api/env.ts';
import { DeadLettersEnv } from '../../functions/dead-letters/env.ts';
import { KeysEnv } from '../../functions/keys/env.ts';
import { RunTimerEnv } from '../../functions/run-timer/env.ts';
import { RunWorkerEnv } from '../../functions/run-worker/env.ts';
import { ThreadReaperEnv } from '../../functions/thread-reaper/env.ts';
import { ServiceDashboard } from '../constructs/dashboard.ts';
import { HttpApi, LONGEST_RESPONSE } from '../constructs/http-api.ts';
import { JobQueue } from '../constructs/job-queue.ts';
import { Monitoring } from '../constructs/monitoring.ts';
import { type Access, callModel, recordAccess, sendJobs, whyModel, whyRecordAccess } from '../constructs/permissions.ts';
import { ReaperFeed, STREAMS_AND_TRACES } from '../constructs/reaper-feed.ts';
import { RunTimers } from '../constructs/run-timers.ts';
import { ServiceFunction, type Surroundings } from '../constructs/service-function.ts';
import type { Stage as Settings } from '../stages.ts';
import { modelVariables, runVariables } from '../variables.ts';
import type { DataStack } from './data-stack.ts';
import { addOutputs } from './outputs.ts';

/** Lambda's longest. A run's window is shorter (functions/shared/env.ts), so every run ends within the invocation that drives it. */
const LONGEST = Duration.minutes(15);
const SHORT = Duration.minutes(1);

export class ServiceStack extends Stack {
  constructor(scope: Construct, id: string, { stage, data, ...props }: StackProps & { stage: Settings; data: DataStack }) {
    super(scope, id, props);
    const { key, table, blobs, modelSecret } = data;
    const monitoring = new Monitoring(this, 'Monitoring', { key, email: stage.alarmEmail });
    const around: Surroundings = { stage, key, monitoring };
    const store = { table, key, blobsArn: data.blobsArn, blobsExport: data.blobsExport };
    const recordVariables = { TABLE_NAME: table.tableName, BLOB_BUCKET: blobs.bucketName };
    const runs = { ...recordVariables, ...runVariables(stage) };
    const model = modelVariables(stage.model, modelSecret);
    const modelAccess = callModel(stage.model, modelSecret, key);
    const explanations = whyRecordAccess(store);
    /** Reads a thread, its run and its step, and writes them again. */
    const endRuns: Access = { get: ['T'], put: ['T'], blobs: ['Get', 'Put', 'Delete'] };

    const queue = new JobQueue(this, 'Queue', { monitoring, workerTimeout: LONGEST, deadLettersTimeout: SHORT });
    const jobs = { QUEUE_URL: queue.jobs.queueUrl };

    const timer = new ServiceFunction(this, 'RunTimer', {
      ...around,
      folder: 'run-timer',
      description: 'Expires a run whose window has closed',
      schema: RunTimerEnv,
      environment: { ...runs, ...jobs },
      timeout: SHORT,
      memorySize: 256,
      permissions: [...recordAccess(store, endRuns), sendJobs(queue.jobs)],
      explanations,
      errorImpact: 'Runs that waited too long for tool outputs are shown as expired all the same, but nothing writes it down: look at its log before executions of the state machine run out of retries.',
    });
    const timers = new RunTimers(this, 'Timers', { ...around, timer: timer.fn, timerTimeout: SHORT });
    const timerVariables = { STATE_MACHINE_ARN: timers.machine.stateMachineArn };

    const api = new ServiceFunction(this, 'Api', {
      ...around,
      folder: 'api',
      description: 'The Assistants API; drives streamed runs',
      schema: ApiEnv,
      environment: { ...runs, ...jobs, ...timerVariables, ...model, CORS_ORIGINS: stage.corsOrigins.join(',') || undefined },
      timeout: LONGEST_RESPONSE,
      // Half a processor: enough to start quickly, and a stream mostly waits.
      memorySize: 1024,
      tokenizer: true,
      permissions: [
        ...recordAccess(store, { get: ['A', 'I', 'K', 'P', 'T'], page: ['T'], list: ['A', 'T'], put: ['A', 'I', 'P', 'T'], delete: ['A', 'T'], blobs: ['Get', 'Put', 'Delete'] }),
        sendJobs(queue.jobs),
        timers.start(),
        timers.stop(),
        ...modelAccess,
      ],
      explanations: { ...explanations, ...timers.whyStop(), ...whyModel(stage.model) },
      errorImpact: 'Applications get 502 answers or broken streams; a run that was being streamed is taken over by run-worker within a minute.',
    });
    const http = new HttpApi(this, 'Http', { ...around, handler: api.fn });

    const worker = new ServiceFunction(this, 'RunWorker', {
      ...around,
      folder: 'run-worker',
      description: 'Drives the runs that are not streamed',
      schema: RunWorkerEnv,
      environment: { ...runs, ...jobs, ...timerVariables, ...model },
      timeout: LONGEST,
      memorySize: 1024,
      tokenizer: true,
      permissions: [...recordAccess(store, { ...endRuns, page: ['T'] }), sendJobs(queue.jobs), timers.start(), ...modelAccess],
      explanations: { ...explanations, ...whyModel(stage.model) },
      // A job whose run has a driver elsewhere is sent on until the run ends: minutes of short hops, not a loop gone wild.
      recursiveLoop: RecursiveLoop.ALLOW,
      errorImpact: 'Runs that are not streamed are not driven: each is tried again within a minute, and failed after several attempts.',
    });
    queue.deliverTo(worker.fn);

    const deadLetters = new ServiceFunction(this, 'DeadLetters', {
      ...around,
      folder: 'dead-letters',
      description: 'Fails the runs whose jobs nobody could do',
      schema: DeadLettersEnv,
      environment: { ...runs, QUEUE_URL: queue.dead.queueUrl },
      timeout: SHORT,
      memorySize: 256,
      permissions: [...recordAccess(store, endRuns), sendJobs(queue.dead)],
      explanations,
      errorImpact: 'Runs that nobody could drive stay active until their windows close, and lock their threads as long.',
    });
    queue.buryWith(deadLetters.fn);

    const reaper = new ServiceFunction(this, 'ThreadReaper', {
      ...around,
      folder: 'thread-reaper',
      description: 'Deletes what hung under threads that are gone',
      schema: ThreadReaperEnv,
      environment: runs,
      timeout: LONGEST,
      memorySize: 512,
      permissions: recordAccess(store, { page: ['T'], delete: ['T'], blobs: ['Get', 'Delete'] }),
      explanations: { ...explanations, ...STREAMS_AND_TRACES },
      errorImpact: 'Nobody who calls the API notices. Messages of deleted threads, which nobody can read any more, are not physically deleted: that is owed to their authors within a day, while the stream remembers.',
    });
    new ReaperFeed(this, 'ReaperFeed', { monitoring, table, reaper: reaper.fn });

    const keys = new ServiceFunction(this, 'Keys', {
      ...around,
      folder: 'keys',
      description: 'Makes, lists and revokes API keys; for the operator',
      schema: KeysEnv,
      environment: recordVariables,
      timeout: SHORT,
      memorySize: 256,
      permissions: recordAccess(store, { get: ['K'], list: ['K'], put: ['K'], delete: ['K'] }),
      errorImpact: 'Operators cannot make or revoke API keys; existing keys go on working.',
    });

    const functions = { api: api.fn, 'run-worker': worker.fn, 'run-timer': timer.fn, 'thread-reaper': reaper.fn, 'dead-letters': deadLetters.fn, keys: keys.fn };
    const { dashboard } = new ServiceDashboard(this, 'Overview', { stage, monitoring, api: http.api, functions, queue, machine: timers.machine, table });
    addOutputs(this, { http, keys: keys.fn, dashboard, modelSecret });
  }
}
