import { describe, expect, it } from '@jest/globals';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { TOLD } from '../../../infra/constructs/stream-feed.ts';
import { LONGEST_RUN_WINDOW_SECONDS } from '../../../functions/shared/env.ts';
import { MOST_FILE_BYTES } from '../../../shared/domain/file.ts';
import { RETRIED_FOR_MS } from '../../../shared/domain/delivery.ts';
import { MAX_ATTEMPTS } from '../../../shared/ports/queue.ts';
import { type Resource, asText, everyStage, outputs, resources, templatesOf, withoutCode } from '../synthesized.ts';

const { stringify } = JSON;

/** A function by the beginning of its logical id. */
function functionNamed(template: Template, name: string): Resource['Properties'] {
  const found = resources(template, 'AWS::Lambda::Function').filter(([id]) => id.startsWith(name));
  expect(found).toHaveLength(1);
  return found[0]?.[1].Properties ?? {};
}

describe.each(everyStage)('the service stack of $name', (stage) => {
  const { service } = templatesOf(stage);

  it('runs everything on Node 24, traced, with a log group of its own, and on arm64 but for what has LanceDB', () => {
    const functions = resources(service, 'AWS::Lambda::Function');
    expect(functions).toHaveLength(10);
    const groups = functions.map(([id, { Properties }]) => {
      expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: [/^File(Indexer|Search)Fn/.test(id) ? 'x86_64' : 'arm64'], Handler: 'index.handler', TracingConfig: { Mode: 'Active' } });
      return stringify(Properties['LoggingConfig']);
    });
    expect(new Set(groups).size).toBe(functions.length);
  });

  it('gives a run less time than the one invocation that drives it', () => {
    for (const name of ['Api', 'RunWorker']) expect(functionNamed(service, name)['Timeout']).toBe(900);
    expect(stage.runWindowSeconds).toBeLessThanOrEqual(LONGEST_RUN_WINDOW_SECONDS);
    expect(LONGEST_RUN_WINDOW_SECONDS).toBeLessThan(900);
  });

  it('hides a message for longer than its function may take', () => {
    const timeoutOf = (ref: unknown) => Number(resources(service, 'AWS::Lambda::Function').find(([id]) => stringify(ref) === stringify({ Ref: id }))?.[1].Properties['Timeout']);
    const mappings = resources(service, 'AWS::Lambda::EventSourceMapping').map(([, { Properties }]) => Properties);
    const ofQueues = resources(service, 'AWS::SQS::Queue').flatMap(([id, { Properties }]) => {
      const mapping = mappings.find(({ EventSourceArn }) => stringify(EventSourceArn) === stringify({ 'Fn::GetAtt': [id, 'Arn'] }));
      return mapping ? [{ hidden: Number(Properties['VisibilityTimeout']), timeout: timeoutOf(mapping['FunctionName']), mapping }] : [];
    });
    expect(ofQueues).toHaveLength(4);
    for (const { hidden, timeout, mapping } of ofQueues) {
      expect(hidden).toBeGreaterThan(timeout);
      // A document may need all the room that there is.
      expect(mapping).toMatchObject({ FunctionResponseTypes: ['ReportBatchItemFailures'], BatchSize: JSON.stringify(mapping['FunctionName']).includes('FileIndexer') ? 1 : 10 });
    }
  });

  it('buries a job only after whoever does it had the chance to give it up', () => {
    const buried = resources(service, 'AWS::SQS::Queue').filter(([, { Properties }]) => Properties['RedrivePolicy'] !== undefined);
    expect(buried.map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['QueueJobs', 'WebhookQueueJobs', 'IndexQueueJobs']);
    for (const [, { Properties }] of buried) {
      expect(Properties['RedrivePolicy']).toEqual({ deadLetterTargetArn: { 'Fn::GetAtt': [expect.stringMatching(/^DeadQueue/) as unknown, 'Arn'] }, maxReceiveCount: MAX_ATTEMPTS + 3 });
    }
  });

  it('keeps a delivery for longer than it is tried', () => {
    const queue = resources(service, 'AWS::SQS::Queue').find(([id]) => id.startsWith('WebhookQueue'))?.[1];
    expect(Number(queue?.Properties['MessageRetentionPeriod']) * 1000).toBeGreaterThan(RETRIED_FOR_MS);
  });

  it('lets those who call strangers take no more than a part of what the account may run at once', () => {
    const mapping = resources(service, 'AWS::Lambda::EventSourceMapping').find(([id]) => id.startsWith('WebhookSender'))?.[1].Properties;
    expect(mapping).toMatchObject({ ScalingConfig: { MaximumConcurrency: 50 } });
    const ofIndexer = resources(service, 'AWS::Lambda::EventSourceMapping').find(([id]) => id.startsWith('FileIndexer'))?.[1].Properties;
    expect(ofIndexer).toMatchObject({ ScalingConfig: { MaximumConcurrency: 20 } });
  });

  it('gives a document room: 3 GB of memory, four times the largest on disk, and a quarter of an hour', () => {
    expect(functionNamed(service, 'FileIndexer')).toMatchObject({ MemorySize: 3008, EphemeralStorage: { Size: 4096 }, Timeout: 900 });
    expect(Number((functionNamed(service, 'FileIndexer')['EphemeralStorage'] as { Size: number }).Size) * 1024 * 1024).toBeGreaterThanOrEqual(4 * MOST_FILE_BYTES);
  });

  it('encrypts every queue and speaks to it over TLS alone', () => {
    const queues = resources(service, 'AWS::SQS::Queue');
    for (const [, { Properties }] of queues) expect(Properties['SqsManagedSseEnabled']).toBe(true);
    const refusing = resources(service, 'AWS::SQS::QueuePolicy').filter(([, { Properties }]) => stringify(Properties).includes('"aws:SecureTransport":"false"'));
    expect(refusing.map(([, { Properties }]) => asText((Properties['Queues'] as unknown[])[0])).sort()).toEqual(queues.map(([id]) => `<${id}>`).sort());
  });

  it('lets those who send jobs on do so without being taken for a loop', () => {
    for (const name of ['RunWorker', 'WebhookSender', 'DeadLetters', 'FileIndexer']) expect(functionNamed(service, name)['RecursiveLoop']).toBe('Allow');
  });

  it('tells the reaper of removed threads, files and uploads and of nothing else, again and again until it has done it', () => {
    const mapping = resources(service, 'AWS::Lambda::EventSourceMapping').find(([id]) => id.startsWith('ThreadReaper'))?.[1].Properties;
    expect(mapping).toMatchObject({
      StartingPosition: 'TRIM_HORIZON',
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 60,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [expect.stringMatching(/^ReaperFeedGivenUp/), 'Arn'] } } },
    });
    const { Filters } = mapping?.['FilterCriteria'] as { Filters: { Pattern: string }[] };
    expect(Filters.map(({ Pattern }) => JSON.parse(Pattern) as unknown)).toEqual([{ eventName: ['REMOVE'], dynamodb: { Keys: { pk: { S: [{ prefix: 'T#' }, { prefix: 'B#' }, { prefix: 'U#' }] }, sk: { S: ['#'] } } } }]);
  });

  it('tells the event-teller of what happened, in pieces that can be told again', () => {
    const mapping = resources(service, 'AWS::Lambda::EventSourceMapping').find(([id]) => id.startsWith('EventTeller'))?.[1].Properties;
    expect(mapping).toMatchObject({
      StartingPosition: 'TRIM_HORIZON',
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 100,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [expect.stringMatching(/^TellerFeedGivenUp/), 'Arn'] } } },
    });
    const { Filters } = mapping?.['FilterCriteria'] as { Filters: { Pattern: string }[] };
    // What they let through: stream-filters.test.ts.
    expect(Filters.map(({ Pattern }) => JSON.parse(Pattern) as unknown)).toEqual(TOLD);
  });

  it('lets the timer’s function set timers of the machine that calls it', () => {
    const [machine] = resources(service, 'AWS::StepFunctions::StateMachine').map(([, { Properties }]) => Properties);
    const named = asText(machine?.['StateMachineName']);
    const { Variables } = functionNamed(service, 'RunTimer')['Environment'] as { Variables: Record<string, unknown> };
    expect(asText(Variables['STATE_MACHINE_ARN'])).toBe(`arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:${named}`);
  });

  it('streams every path of the API through the one function', () => {
    const methods = resources(service, 'AWS::ApiGateway::Method');
    expect(methods).toHaveLength(2);
    for (const [, { Properties }] of methods) {
      expect(Properties).toMatchObject({ HttpMethod: 'ANY', Integration: { Type: 'AWS_PROXY', ResponseTransferMode: 'STREAM', TimeoutInMillis: 900_000 } });
      expect(asText((Properties['Integration'] as { Uri: unknown }).Uri)).toMatch(/\/2021-11-15\/functions\/<ApiFn.*\/response-streaming-invocations$/);
    }
    service.hasResourceProperties('AWS::ApiGateway::RestApi', { EndpointConfiguration: { Types: ['REGIONAL'] }, BinaryMediaTypes: ['application/json', 'application/jsonl', 'application/x-ndjson', 'multipart/form-data'] });
  });

  it('logs requests without bodies or queries, and throttles', () => {
    service.hasResourceProperties('AWS::ApiGateway::Stage', {
      AccessLogSetting: { Format: Match.not(Match.stringLikeRegexp('querystring|requestOverride|body|authorization')) },
      MethodSettings: [
        { HttpMethod: '*', ResourcePath: '/*', DataTraceEnabled: false, LoggingLevel: 'ERROR', MetricsEnabled: true, ThrottlingRateLimit: stage.throttle.requestsPerSecond, ThrottlingBurstLimit: stage.throttle.burst },
      ],
      TracingEnabled: true,
    });
  });

  it('answers in the contract’s envelope what the gateway refuses by itself', () => {
    const answers = resources(service, 'AWS::ApiGateway::GatewayResponse').map(([, { Properties }]) => Properties);
    expect(answers.map(({ ResponseType }) => ResponseType).sort()).toEqual(['DEFAULT_4XX', 'DEFAULT_5XX', 'REQUEST_TOO_LARGE', 'THROTTLED']);
    for (const { ResponseTemplates } of answers) {
      const { error } = JSON.parse((ResponseTemplates as Record<string, string>)['application/json'] ?? '') as { error: object };
      expect(Object.keys(error)).toEqual(['message', 'type', 'param', 'code']);
    }
  });

  it('executes code where there is no network, and in nobody’s role', () => {
    const [interpreter, ...others] = resources(service, 'AWS::BedrockAgentCore::CodeInterpreterCustom').map(([, { Properties }]) => Properties);
    expect(others).toEqual([]);
    expect(interpreter).toMatchObject({ Name: `threadkeep_${stage.name}`, NetworkConfiguration: { NetworkMode: 'SANDBOX' } });
    expect(interpreter).not.toHaveProperty('ExecutionRoleArn');
    expect(String(interpreter?.['Name'])).toMatch(/^[a-zA-Z][a-zA-Z0-9_]{0,47}$/);
  });

  it('waits with a Standard state machine that any interpreter of JSONPath understands', () => {
    const [machine, ...others] = resources(service, 'AWS::StepFunctions::StateMachine').map(([, { Properties }]) => Properties);
    expect(others).toEqual([]);
    expect(machine).toMatchObject({ StateMachineType: 'STANDARD', TracingConfiguration: { Enabled: true } });
    expect(JSON.parse(asText(machine?.['DefinitionString']))).toEqual({
      Comment: expect.any(String) as unknown,
      StartAt: 'UntilItIsDue',
      // A year: Standard’s own limit.
      TimeoutSeconds: 31_536_000,
      States: {
        UntilItIsDue: { Type: 'Wait', TimestampPath: '$.dueAt', Next: 'GoOff' },
        GoOff: {
          Type: 'Task',
          Resource: expect.stringMatching(/^<RunTimerFn\w+\.Arn>$/) as unknown,
          TimeoutSeconds: 70,
          Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 1, BackoffRate: 2, MaxDelaySeconds: 60, MaxAttempts: 8 }],
          End: true,
        },
      },
    });
  });

  it('says where it is, and how to make the first key', () => {
    const { BaseUrl, CreateFirstKey, SetModelKey } = Object.fromEntries(Object.entries(outputs(service)).map(([name, output]) => [name, asText((output as { Value: unknown }).Value)]));
    expect(BaseUrl).toMatch(/^https:\/\/<HttpApi\w+>\.execute-api\.<AWS::Region>\.<AWS::URLSuffix>\/<\w+>\/v1$/);
    expect(CreateFirstKey).toMatch(/^aws lambda invoke --region <AWS::Region> --function-name <KeysFn\w+> --cli-binary-format raw-in-base64-out --payload '\{"do":"create"\}' \/dev\/stdout$/);
    expect(SetModelKey !== undefined).toBe(stage.model.provider === 'openai');
  });
});

it('a stage that wants no code executed has nothing that could', () => {
  const { service } = templatesOf(withoutCode);
  expect(resources(service, 'AWS::BedrockAgentCore::CodeInterpreterCustom')).toEqual([]);
});
