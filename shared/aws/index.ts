/** Assembly of the AWS world, and nothing else. */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../domain/clock.ts';
import type { Thread } from '../domain/thread.ts';
import { makeDocuments } from '../documents/index.ts';
import { makeOutbound } from '../outbound/index.ts';
import type { Commit } from '../ports/commit.ts';
import type { FeedEvent } from '../ports/feed.ts';
import type { Log } from '../ports/log.ts';
import type { Handle } from '../ports/queue.ts';
import type { Sandbox } from '../ports/sandbox.ts';
import type { SearchIndex } from '../ports/search-index.ts';
import type { Store } from '../ports/store.ts';
import type { Config, World } from '../ports/world.ts';
import { Background } from './background.ts';
import { makeBlobs } from './blobs.ts';
import { makeBodies } from './bodies.ts';
import { type Clients, makeClients } from './clients.ts';
import { makeCommit } from './commit.ts';
import { makeFunctions } from './functions.ts';
import { type StreamRecord, eventOf } from './feed.ts';
import { type ModelSettings, makeModel } from './model.ts';
import { type QueueParts, type QueueRecord, handleRecord, makeSender, missing } from './queue.ts';
import { Reader } from './reader.ts';
import { makeSandbox } from './sandbox.ts';
import { threadPk } from './schema.ts';
import { makeRemoteIndex } from './search-index.ts';
import { makeStore } from './store.ts';
import { type Timers, handleTimer, makeTimers } from './timer.ts';

/** What the stacks have made. A function is given only what its role may use. */
export interface Resources {
  table: string;
  bucket: string;
  /** Absent where no jobs are sent. */
  queueUrl?: string | undefined;
  /** Absent where no deliveries are. */
  webhookQueueUrl?: string | undefined;
  /** Absent where no files are indexed. */
  indexQueueUrl?: string | undefined;
  /** ARN of the function that searches; absent where nobody does. */
  searchFunction?: string | undefined;
  /** Absent where no timers are set or stopped. */
  stateMachineArn?: string | undefined;
  /** Id of the code interpreter; absent where no code is executed and no session ended. */
  codeInterpreter?: string | undefined;
}

export interface AwsSettings {
  resources: Resources;
  model: ModelSettings;
  config: Config;
  clock: Clock;
  log: Log;
  clients?: Clients;
  /** ARNs of the functions that may answer calls of tools; absent where nothing calls them. */
  toolFunctions?: readonly string[] | undefined;
  /** Of a function that has the search index in its own process; others ask `resources.searchFunction`. */
  index?: SearchIndex | undefined;
  /** Where Node finds what it is linked with, for processes of its own that have no other environment. */
  libraryPath?: string | undefined;
}

export interface AwsWorld extends World {
  /** The same world for one invocation: two of them in one execution environment must not take each other's leases for their own. */
  forInvocation(id: string): AwsWorld;
  /** Does what one message of the queue asks for; rejects when it must come again. */
  handleRecord(record: QueueRecord, handle: Handle): Promise<void>;
  /** Does what a timer that went off asks for. */
  handleTimer(input: unknown, handle: Handle): Promise<void>;
  /** What a record of the table's stream tells, if it tells anything. */
  eventOf(record: StreamRecord): Promise<FeedEvent | undefined>;
  /** Removes the large contents that were ever written under a thread that is gone, those included that nothing names any more. */
  removeContents(thread: Thread): Promise<void>;
  /** Resolves when nothing is left to do in the background. To be awaited before an execution environment may be frozen. */
  drained(): Promise<void>;
}

/** Keys alone, for the operator's command. */
export interface KeyRing {
  clock: Clock;
  store: Store;
  commit: Commit;
}

type Parts = Pick<AwsSettings, 'resources' | 'clock' | 'log'> & { clients: Clients; runWindowMs: number };

function openRecords({ resources, clock, log, clients, runWindowMs }: Parts) {
  const { db, s3 } = clients;
  const { table, bucket } = resources;
  const bodies = makeBodies(s3, bucket);
  const background = new Background(log);
  const reader = new Reader({ db, table, bodies, clock });
  return {
    background,
    removeContents: ({ projectId, id }: Thread) => bodies.removePartition(threadPk([projectId, id])),
    eventOf: (record: StreamRecord) => eventOf({ bodies, reader, clock }, record),
    store: makeStore({ db, table, clock, reader, runWindowMs }),
    commit: makeCommit({ db, table, clock, reader, bodies, background, sender: makeSender({ sqs: clients.sqs, queues: resources, clock }), timers: timersOf(resources, clients) }),
  };
}

export function openKeyRing({ clients = makeClients(), ...parts }: Pick<AwsSettings, 'resources' | 'clock' | 'log' | 'clients'>): KeyRing {
  const { store, commit } = openRecords({ ...parts, clients, runWindowMs: 0 });
  return { clock: parts.clock, store, commit };
}

export function openAwsWorld({ resources, model, config, clock, log, clients = makeClients(), toolFunctions, index, libraryPath }: AwsSettings): AwsWorld {
  const { background, ...records } = openRecords({ resources, clock, log, clients, runWindowMs: config.runWindowSeconds * 1000 });
  const queueParts = (): QueueParts => ({ sqs: clients.sqs, queues: resources, clock, log });
  const environment = randomUUID();
  const world: AwsWorld = {
    clock,
    log,
    config,
    ...records,
    blobs: makeBlobs(clients.s3, resources.bucket),
    outbound: makeOutbound({ clock, loopback: false }),
    index: index ?? makeRemoteIndex({ lambda: clients.lambda, clock, functionArn: resources.searchFunction }),
    documents: makeDocuments({ folder: join(tmpdir(), 'threadkeep-documents'), environment: libraryPath === undefined ? {} : { LD_LIBRARY_PATH: libraryPath } }),
    functions: toolFunctions && makeFunctions({ lambda: clients.lambda, clock, allowed: toolFunctions }),
    sandbox: sandboxOf(resources, clients, clock),
    model: makeModel(model, { secrets: clients.secrets, clock }),
    owner: environment,
    // Nobody is told when an execution environment ends: only a lease that has lapsed says so.
    isGone: () => false,
    forInvocation: (id) => ({ ...world, owner: `${environment}/${id}` }),
    handleRecord: (record, handle) => handleRecord(queueParts(), record, handle),
    handleTimer: (input, handle) => handleTimer(queueParts(), input, handle),
    drained: () => background.drained(),
  };
  return world;
}

function timersOf({ stateMachineArn }: Resources, { sfn }: Clients): Timers {
  return stateMachineArn === undefined ? { start: async () => missing('timers'), stop: async () => undefined } : makeTimers(sfn, stateMachineArn);
}

function sandboxOf({ codeInterpreter }: Resources, { agentcore }: Clients, clock: Clock): Sandbox | undefined {
  return codeInterpreter === undefined ? undefined : makeSandbox({ client: agentcore, identifier: codeInterpreter, clock });
}
