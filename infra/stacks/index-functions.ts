/** Who has the search index of vector stores: one function brings files into it, another looks things up for those that have it not. */
import { Duration, Size, type Stack } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type IFunction, RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { FileIndexerEnv } from '../../functions/file-indexer/env.ts';
import { FileSearchEnv } from '../../functions/file-search/env.ts';
import { type DeadLetterQueue, JobQueue } from '../constructs/job-queue.ts';
import { type Data, indexAccess, recordAccess, sendJobs, whyRecordAccess } from '../constructs/permissions.ts';
import { ServiceFunction, type ServiceFunctionProps, type Surroundings } from '../constructs/service-function.ts';

const LONGEST = Duration.minutes(15);

/** Documents are there for days to be indexed, whatever holds them up. */
const KEEP_JOBS = Duration.days(14);
/** Each reads one document. They must not take from runs what the account has. */
const MOST_INDEXERS = 20;
/** The most that every account may have. */
const MEMORY_MB = 3008;
/** For a document of 512 MB, and what is unpacked of it. */
const DISK = Size.gibibytes(4);

interface IndexFunctionsProps {
  around: Surroundings;
  store: Data;
  dead: DeadLetterQueue;
  /** The indexer's, once its queue is known. */
  variables: (own: { INDEX_QUEUE_URL: string }) => ServiceFunctionProps<typeof FileIndexerEnv>['environment'];
  bucketName: string;
  modelAccess: PolicyStatement[];
  whyModel: Record<string, string>;
}

export interface IndexFunctions {
  queue: IQueue;
  indexer: IFunction;
  search: IFunction;
}

export function addIndexFunctions(stack: Stack, { around, store, dead, variables, bucketName, modelAccess, whyModel }: IndexFunctionsProps): IndexFunctions {
  const { monitoring } = around;
  const queue = new JobQueue(stack, 'IndexQueue', {
    monitoring,
    dead,
    workerTimeout: LONGEST,
    keep: KEEP_JOBS,
    late: { after: Duration.minutes(15), errorImpact: 'Files wait a quarter of an hour to be indexed: vector stores stay in_progress, and searches do not find what is in them yet. Look at file-indexer: is it throttled or failing, or are there more files than it may index at once?' },
  });
  const indexer = new ServiceFunction(stack, 'FileIndexer', {
    ...around,
    folder: 'file-indexer',
    description: 'Brings files of vector stores into the search index',
    schema: FileIndexerEnv,
    environment: variables({ INDEX_QUEUE_URL: queue.jobs.queueUrl }),
    timeout: LONGEST,
    memorySize: MEMORY_MB,
    disk: DISK,
    beside: { tokenizer: true, lance: true, children: { 'documents-child.mjs': 'shared/documents/child.ts' } },
    permissions: [
      ...recordAccess(store, {
        get: ['B', 'V'],
        page: ['B', 'V'],
        put: ['B', 'V'],
        delete: ['B', 'V'],
        check: ['B', 'V'],
        blobs: ['Get', 'Put', 'Delete'],
        files: ['Get'],
        index: ['Get', 'Put', 'Delete', 'Abort'],
      }),
      sendJobs(queue.jobs),
      ...modelAccess,
    ],
    explanations: { ...whyRecordAccess(store), ...whyModel },
    // A job whose file has another worker is sent on until that is done, and a large batch goes on from job to job.
    recursiveLoop: RecursiveLoop.ALLOW,
    errorImpact: 'Files of vector stores are not indexed: each is tried again within a minute, and failed after several attempts. Searches go on over what is indexed.',
  });
  queue.deliverTo(indexer.fn, { maxConcurrency: MOST_INDEXERS, batchSize: 1 });

  const search = new ServiceFunction(stack, 'FileSearch', {
    ...around,
    folder: 'file-search',
    description: 'Searches the index of vector stores for other functions',
    schema: FileSearchEnv,
    environment: { BLOB_BUCKET: bucketName },
    timeout: Duration.minutes(1),
    memorySize: MEMORY_MB,
    beside: { lance: true },
    permissions: indexAccess(store, ['Get']),
    explanations: whyRecordAccess(store),
    errorImpact: 'Searches in vector stores fail: requests for one get 500 answers, and models are told that their search has failed.',
  });
  return { queue: queue.jobs, indexer: indexer.fn, search: search.fn };
}
