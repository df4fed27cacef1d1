/** Everything that can be taken down and put up again: functions, queues, timers, the API, and who watches them. */
import { Aws, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { ApiEnv } from '../../functions/api/env.ts';
import { DeadLettersEnv } from '../../functions/dead-letters/env.ts';
import { KeysEnv } from '../../functions/keys/env.ts';
import { RunTimerEnv } from '../../functions/run-timer/env.ts';
import { RunWorkerEnv } from '../../functions/run-worker/env.ts';
import { WebhookSenderEnv } from '../../functions/webhook-sender/env.ts';
import { CodeInterpreter } from '../constructs/code-interpreter.ts';
import { ServiceDashboard } from '../constructs/dashboard.ts';
import { HttpApi, LONGEST_RESPONSE } from '../constructs/http-api.ts';
import { DeadLetterQueue, JobQueue } from '../constructs/job-queue.ts';
import { Monitoring } from '../constructs/monitoring.ts';
import { type Access, callModel, callTools, recordAccess, search, sendJobs, whyModel, whyRecordAccess } from '../constructs/permissions.ts';
import { RunTimers, startTimers, timersArn } from '../constructs/run-timers.ts';
import { ServiceFunction, type Surroundings } from '../constructs/service-function.ts';
import type { Stage as Settings } from '../stages.ts';
import { modelVariables, runVariables } from '../variables.ts';
import type { DataStack } from './data-stack.ts';
import { addIndexFunctions } from './index-functions.ts';
import { addOutputs } from './outputs.ts';
import { addStreamFunctions } from './stream-functions.ts';

/** Lambda's longest. A run's window is shorter (functions/shared/env.ts), so every run ends within the invocation that drives it. */
const LONGEST = Duration.minutes(15);
const SHORT = Duration.minutes(1);

/** Runs that died are worth nothing after their window, but a backlog must outlive a long outage. */
const KEEP_RUNS = Duration.days(1);
/** Deliveries are tried for three days. */
const KEEP_DELIVERIES = Duration.days(14);

/** Of webhook-sender, ten deliveries in each: endpoints that are slow must not take from runs what the account has. */
const MOST_SENDERS = 50;

export class ServiceStack extends Stack {
  /** Where the REST API is, without the stage. */
  readonly apiDomain: string;

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

    const dead = new DeadLetterQueue(this, 'Dead', { monitoring, timeout: SHORT });
    const queue = new JobQueue(this, 'Queue', {
      monitoring,
      dead,
      workerTimeout: LONGEST,
      keep: KEEP_RUNS,
      late: {
        after: Duration.minutes(2),
        errorImpact: 'Runs wait minutes for a driver: every application that does not stream sees its runs stay queued, and expire after their window. Look at run-worker: is it throttled or failing?',
      },
    });
    const deliveries = new JobQueue(this, 'WebhookQueue', {
      monitoring,
      dead,
      workerTimeout: SHORT,
      keep: KEEP_DELIVERIES,
      // What is tried again later waits here for up to a quarter of an hour at a time.
      late: { after: Duration.minutes(20), errorImpact: 'Webhooks are late: whoever is told by them hears of events long after they happened. Look at webhook-sender: is it throttled or failing, or are there more events than it may send at once?' },
    });
    const jobs = { QUEUE_URL: queue.jobs.queueUrl };
    const webhooks = { WEBHOOK_QUEUE_URL: deliveries.jobs.queueUrl };
    const sendBoth = [sendJobs(queue.jobs), sendJobs(deliveries.jobs)];
    const index = addIndexFunctions(this, { around, store, dead, variables: (own) => ({ ...runs, ...own, ...model }), bucketName: blobs.bucketName, modelAccess, whyModel: whyModel(stage.model) });
    const indexing = { INDEX_QUEUE_URL: index.queue.queueUrl };
    const searching = { SEARCH_FUNCTION_ARN: index.search.functionArn };
    const sendAll = [...sendBoth, sendJobs(index.queue)];
    const tools = { TOOL_FUNCTIONS: stage.toolFunctions.join(',') || undefined };
    const timerVariables = { STATE_MACHINE_ARN: timersArn(this) };
    const interpreter = stage.codeInterpreter ? new CodeInterpreter(this, 'Code', { stage, monitoring }) : undefined;
    const code = { CODE_INTERPRETER_ID: interpreter?.id };
    /** What code has written becomes files, each with a record that says where it is on its way. */
    const filesOfCode = interpreter ? ({ put: ['U'], delete: ['U'], files: ['Put'] } satisfies Access) : { put: [], files: [] };
    const execute = interpreter ? [interpreter.execute()] : [];

    const timer = new ServiceFunction(this, 'RunTimer', {
      ...around,
      folder: 'run-timer',
      description: 'Expires runs and vector stores whose time has come; warns of a thread that comes near its end',
      schema: RunTimerEnv,
      environment: { ...runs, ...jobs, ...webhooks, ...indexing, ...timerVariables },
      timeout: SHORT,
      memorySize: 256,
      permissions: [...recordAccess(store, { ...endRuns, get: ['P', 'T', 'V'], list: ['W'], put: ['D', 'T', 'V'] }), ...sendAll, startTimers(this)],
      explanations,
      errorImpact: 'Runs that waited too long for tool outputs are shown as expired all the same, but nothing writes it down, nobody is warned of a thread’s end, and indexes of expired vector stores stay: look at its log before executions of the state machine run out of retries.',
    });
    const timers = new RunTimers(this, 'Timers', { ...around, timer: timer.fn, timerTimeout: SHORT });

    const api = new ServiceFunction(this, 'Api', {
      ...around,
      folder: 'api',
      description: 'The Assistants API; drives streamed runs',
      schema: ApiEnv,
      environment: { ...runs, ...jobs, ...webhooks, ...indexing, ...searching, ...timerVariables, ...tools, ...code, ...model, CORS_ORIGINS: stage.corsOrigins.join(',') || undefined },
      timeout: LONGEST_RESPONSE,
      // Half a processor: enough to start quickly, and a stream mostly waits.
      memorySize: 1024,
      beside: { tokenizer: true },
      permissions: [
        ...recordAccess(store, {
          get: ['A', 'B', 'D', 'E', 'F', 'I', 'K', 'P', 'T', 'U', 'V', 'W'],
          page: ['B', 'T', 'U', 'V'],
          list: ['A', 'B', 'D', 'E', 'F', 'T', 'V', 'W'],
          put: ['A', 'B', 'D', 'E', 'F', 'I', 'P', 'T', 'U', 'V', 'W'],
          delete: ['A', 'B', 'E', 'F', 'T', 'U', 'V', 'W'],
          check: ['B', 'U', 'V'],
          blobs: ['Get', 'Put', 'Delete'],
          exports: ['Get', 'Delete', 'Abort'],
          files: ['Get', 'Put', 'Delete', 'Abort'],
        }),
        ...sendAll,
        search(index.search),
        startTimers(this),
        timers.stop(),
        ...callTools(stage.toolFunctions),
        ...execute,
        ...modelAccess,
      ],
      explanations: { ...explanations, ...timers.whyStop(), ...whyModel(stage.model) },
      errorImpact: 'Applications get 502 answers or broken streams; a run that was being streamed is taken over by run-worker within a minute.',
    });
    const http = new HttpApi(this, 'Http', { ...around, handler: api.fn });
    this.apiDomain = `${http.api.restApiId}.execute-api.${Aws.REGION}.${Aws.URL_SUFFIX}`;

    const worker = new ServiceFunction(this, 'RunWorker', {
      ...around,
      folder: 'run-worker',
      description: 'Drives the runs that are not streamed; ends idle sessions of code; writes exports',
      schema: RunWorkerEnv,
      environment: { ...runs, ...jobs, ...webhooks, ...indexing, ...searching, ...timerVariables, ...tools, ...code, ...model },
      timeout: LONGEST,
      memorySize: 1024,
      beside: { tokenizer: true },
      permissions: [
        ...recordAccess(store, {
          ...endRuns,
          get: ['B', 'E', 'F', 'P', 'T', 'V'],
          page: ['T', 'V'],
          list: ['T', 'W'],
          put: ['B', 'D', 'E', 'T', ...filesOfCode.put, 'V'],
          delete: filesOfCode.delete,
          check: ['B'],
          exports: ['Get', 'Put', 'Delete', 'Abort'],
          files: ['Get', ...filesOfCode.files],
        }),
        ...sendAll,
        search(index.search),
        startTimers(this),
        timers.stop(),
        ...callTools(stage.toolFunctions),
        ...execute,
        ...modelAccess,
      ],
      explanations: { ...explanations, ...timers.whyStop(), ...whyModel(stage.model) },
      // A job whose run has a driver elsewhere is sent on until the run ends: minutes of short hops, not a loop gone wild.
      recursiveLoop: RecursiveLoop.ALLOW,
      errorImpact: 'Runs that are not streamed are not driven: each is tried again within a minute, and failed after several attempts. Exports are not written.',
    });
    queue.deliverTo(worker.fn);

    const sender = new ServiceFunction(this, 'WebhookSender', {
      ...around,
      folder: 'webhook-sender',
      description: 'Delivers events to webhook endpoints',
      schema: WebhookSenderEnv,
      environment: { ...runs, ...webhooks },
      timeout: SHORT,
      memorySize: 512,
      permissions: [...recordAccess(store, { get: ['D', 'W'], list: ['D'], put: ['D'], delete: ['D'] }), sendJobs(deliveries.jobs)],
      explanations,
      // What is to be tried again is sent on until it is due.
      recursiveLoop: RecursiveLoop.ALLOW,
      errorImpact: 'Webhooks are not delivered. Each is tried again for three days, so nothing is lost before that; runs are not held up.',
    });
    deliveries.deliverTo(sender.fn, { maxConcurrency: MOST_SENDERS });

    const deadLetters = new ServiceFunction(this, 'DeadLetters', {
      ...around,
      folder: 'dead-letters',
      description: 'Fails the runs and files whose jobs nobody could do, and puts off deliveries that nobody could send',
      schema: DeadLettersEnv,
      environment: { ...runs, ...jobs, ...webhooks, ...indexing, ...timerVariables, DEAD_QUEUE_URL: dead.queue.queueUrl },
      timeout: SHORT,
      memorySize: 256,
      permissions: [
        ...recordAccess(store, { ...endRuns, get: ['D', 'E', 'P', 'T', 'V'], page: ['V'], list: ['T', 'W'], put: ['D', 'E', 'T', 'V'], exports: ['Delete', 'Abort'] }),
        ...sendAll,
        sendJobs(dead.queue),
        startTimers(this),
        timers.stop(),
      ],
      explanations: { ...explanations, ...timers.whyStop() },
      // A delivery may come by here several times in its three days.
      recursiveLoop: RecursiveLoop.ALLOW,
      errorImpact: 'Runs that nobody could drive stay active until their windows close, and lock their threads as long; events whose delivery died are not tried again, and files whose indexing died stay in_progress.',
    });
    dead.buryWith(deadLetters.fn);

    const { reaper, teller } = addStreamFunctions(this, { around, store, variables: { ...runs, ...webhooks, ...timerVariables }, indexing, code, interpreter, sendDeliveries: sendJobs(deliveries.jobs), sendIndexJobs: sendJobs(index.queue) });

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

    const functions = { api: api.fn, 'run-worker': worker.fn, 'file-indexer': index.indexer, 'file-search': index.search, 'run-timer': timer.fn, 'thread-reaper': reaper, 'event-teller': teller, 'webhook-sender': sender.fn, 'dead-letters': deadLetters.fn, keys: keys.fn };
    const { dashboard } = new ServiceDashboard(this, 'Overview', { stage, monitoring, api: http.api, functions, teller, queues: { runs: queue.jobs, deliveries: deliveries.jobs, files: index.queue, dead: dead.queue }, machine: timers.machine, table });
    addOutputs(this, { http, keys: keys.fn, dashboard, modelSecret });
  }
}
