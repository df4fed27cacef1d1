/** What a stack declares to run, read strictly: queues, functions, what wakes these, timers. */
import * as z from 'zod';
import type { Stack } from './stack.ts';

const Queue = z.object({
  VisibilityTimeout: z.int().default(30),
  MessageRetentionPeriod: z.int(),
  RedrivePolicy: z.strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: z.int() }).optional(),
});

export interface DeclaredQueue {
  id: string;
  name: string;
  arn: string;
  url: string;
  /** As CreateQueue takes them. */
  attributes: Record<string, string>;
  deadLetters: boolean;
}

export function queuesOf(stack: Stack): DeclaredQueue[] {
  return stack.all('AWS::SQS::Queue').map(([id, properties]) => {
    const { VisibilityTimeout, MessageRetentionPeriod, RedrivePolicy } = Queue.parse(properties);
    const attributes = { VisibilityTimeout: String(VisibilityTimeout), MessageRetentionPeriod: String(MessageRetentionPeriod), ...(RedrivePolicy && { RedrivePolicy: JSON.stringify(RedrivePolicy) }) };
    return { id, name: stack.attribute(id, 'QueueName'), arn: stack.attribute(id, 'Arn'), url: stack.ref(id), attributes, deadLetters: RedrivePolicy !== undefined };
  });
}

const LambdaFunction = z.object({
  Code: z.strictObject({ S3Bucket: z.string(), S3Key: z.string() }),
  Environment: z.strictObject({ Variables: z.record(z.string(), z.string()) }),
  Handler: z.literal('index.handler'),
  MemorySize: z.int(),
  Role: z.string(),
  Runtime: z.literal('nodejs24.x'),
  Timeout: z.int(),
});

export interface DeclaredFunction {
  id: string;
  name: string;
  arn: string;
  s3Key: string;
  handler: string;
  environment: Record<string, string>;
  timeoutS: number;
  memoryMb: number;
  roleId: string;
}

export function functionsOf(stack: Stack): DeclaredFunction[] {
  return stack.all('AWS::Lambda::Function').map(([id, properties]) => {
    const { Code, Environment, Handler, MemorySize, Role, Timeout } = LambdaFunction.parse(properties);
    const roleId = stack.idOf('AWS::IAM::Role', 'Arn', Role);
    return { id, name: stack.ref(id), arn: stack.attribute(id, 'Arn'), s3Key: Code.S3Key, handler: Handler, environment: Environment.Variables, timeoutS: Timeout, memoryMb: MemorySize, roleId };
  });
}

const Mapping = z.strictObject({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  BatchSize: z.int(),
  FunctionResponseTypes: z.tuple([z.literal('ReportBatchItemFailures')]),
  Tags: z.unknown(),
  ScalingConfig: z.strictObject({ MaximumConcurrency: z.int() }).optional(),
  // Of streams alone.
  BisectBatchOnFunctionError: z.boolean().default(false),
  DestinationConfig: z.strictObject({ OnFailure: z.strictObject({ Destination: z.string() }) }).optional(),
  FilterCriteria: z.strictObject({ Filters: z.array(z.strictObject({ Pattern: z.string() })) }).optional(),
  MaximumRecordAgeInSeconds: z.int().optional(),
  MaximumRetryAttempts: z.int().optional(),
  ParallelizationFactor: z.int().optional(),
  StartingPosition: z.literal('TRIM_HORIZON').optional(),
});
export type DeclaredMapping = z.infer<typeof Mapping> & { id: string };

export const mappingsOf = (stack: Stack): DeclaredMapping[] => stack.all('AWS::Lambda::EventSourceMapping').map(([id, properties]) => ({ id, ...Mapping.parse(properties) }));

const Interpreter = z.strictObject({ Name: z.string(), Description: z.string(), NetworkConfiguration: z.strictObject({ NetworkMode: z.literal('SANDBOX') }), Tags: z.unknown() });

/** Sessions of the stand-in have neither a network nor a role: so must they be declared. */
export function interpretersOf(stack: Stack): { id: string; arn: string }[] {
  return stack.all('AWS::BedrockAgentCore::CodeInterpreterCustom').map(([id, properties]) => {
    Interpreter.parse(properties);
    return { id: stack.attribute(id, 'CodeInterpreterId'), arn: stack.attribute(id, 'CodeInterpreterArn') };
  });
}

const Machine = z.object({ DefinitionString: z.string(), RoleArn: z.string(), StateMachineType: z.literal('STANDARD') });
const Definition = z.looseObject({ StartAt: z.string(), States: z.record(z.string(), z.looseObject({ Type: z.string() })) });

export interface DeclaredMachine {
  id: string;
  name: string;
  arn: string;
  definition: z.infer<typeof Definition>;
  roleId: string;
}

export function machinesOf(stack: Stack): DeclaredMachine[] {
  return stack.all('AWS::StepFunctions::StateMachine').map(([id, properties]) => {
    const { DefinitionString, RoleArn } = Machine.parse(properties);
    const definition = Definition.parse(JSON.parse(DefinitionString));
    return { id, name: stack.attribute(id, 'Name'), arn: stack.ref(id), definition, roleId: stack.idOf('AWS::IAM::Role', 'Arn', RoleArn) };
  });
}
