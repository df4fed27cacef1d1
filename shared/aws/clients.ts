/** The clients of the AWS services, made once for an execution environment: their connections outlive an invocation. */
import type { BedrockAgentCoreClient } from '@aws-sdk/client-bedrock-agentcore';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { makeAgentCore } from './interpreter.ts';

export interface Clients {
  db: DynamoDBClient;
  lambda: LambdaClient;
  sqs: SQSClient;
  sfn: SFNClient;
  s3: S3Client;
  secrets: SecretsManagerClient;
  agentcore: BedrockAgentCoreClient;
}

/** Where the services are when they are not AWS's own: the engines that tests run against. */
export interface Elsewhere {
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  endpoints: { [service in keyof Clients]?: string };
}

/** Attempts in all, the client's own pauses between them. */
const MOST_ATTEMPTS = 4;
/** The longest that a function may be waited for is shorter: what is over is for whoever waits to say. */
const LONGEST_INVOCATION_MS = 490_000;
/** An answer that takes longer than this is lost, not slow: better ask again than let a client wait. */
const handler = (requestTimeout: number, maxSockets: number) => ({
  connectionTimeout: 1000,
  requestTimeout,
  throwOnRequestTimeout: true,
  httpAgent: { keepAlive: true, maxSockets },
  httpsAgent: { keepAlive: true, maxSockets },
});
const USUAL_SOCKETS = 100;
/** The time to wait for a socket counts as time to connect, so there must be one for every call: a worker has ten runs, each with 128 calls at most. */
const SOCKETS_FOR_FUNCTIONS = 1280;

/** Region and credentials come from the environment that Lambda gives, unless `elsewhere` says otherwise. */
export function makeClients(elsewhere?: Elsewhere): Clients {
  const options = (service: keyof Clients, timeoutMs: number, maxSockets = USUAL_SOCKETS) => {
    const endpoint = elsewhere?.endpoints[service];
    return {
      maxAttempts: MOST_ATTEMPTS,
      requestHandler: handler(timeoutMs, maxSockets),
      ...(elsewhere && { region: elsewhere.region, credentials: elsewhere.credentials }),
      ...(endpoint !== undefined && { endpoint }),
    };
  };
  return {
    db: new DynamoDBClient(options('db', 5000)),
    // To call a function again is not for the client to decide: it may have done its work.
    lambda: new LambdaClient({ ...options('lambda', LONGEST_INVOCATION_MS, SOCKETS_FOR_FUNCTIONS), maxAttempts: 1 }),
    sqs: new SQSClient(options('sqs', 5000)),
    sfn: new SFNClient(options('sfn', 5000)),
    s3: new S3Client({ ...options('s3', 20_000), forcePathStyle: elsewhere?.endpoints.s3 !== undefined }),
    secrets: new SecretsManagerClient(options('secrets', 5000)),
    // It sees to its own limits of time, and to what is tried again.
    agentcore: makeAgentCore(elsewhere && { region: elsewhere.region, credentials: elsewhere.credentials, endpoint: elsewhere.endpoints.agentcore }),
  };
}
