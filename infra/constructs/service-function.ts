/** A Lambda function as this service has them: its own role and log group, an environment that its schema has checked, alarms. */
import { type Duration, RemovalPolicy, type Size, Token } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, type RecursiveLoop, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { join } from 'node:path';
import type * as z from 'zod';
import type { Stage } from '../stages.ts';
import { type Beside, ROOT, bundling } from './bundling.ts';
import { explain } from './explain.ts';
import { type Monitoring, PERIOD } from './monitoring.ts';

/** A schema of variables: all that goes in is text. */
export type EnvSchema = z.ZodType<unknown, Record<string, string | undefined>>;

/** Set for every function here, not by its stack. */
export type Given = 'STAGE' | 'LOG_LEVEL' | 'POWERTOOLS_TRACER_CAPTURE_RESPONSE' | 'POWERTOOLS_TRACER_CAPTURE_ERROR';

/** `Omit` for each member of a union, so that the union stays one. */
type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;

/** What every function of a stage shares. */
export interface Surroundings {
  stage: Stage;
  key: IKey;
  monitoring: Monitoring;
}

export interface ServiceFunctionProps<S extends EnvSchema> extends Surroundings {
  /** The folder in functions/. */
  folder: string;
  description: string;
  /** The function's own schema, from functions/<folder>/env.ts … */
  schema: S;
  /** … and what it asks for: a variable that is missing, or of another name, does not compile. */
  environment: Without<z.input<S>, Given>;
  timeout: Duration;
  memorySize: number;
  /** Everything that the function may do, beside writing its own log and traces. */
  permissions: PolicyStatement[];
  /** Reasons for permissions that no shorter list of resources can express, by cdk-nag's id of the finding. */
  explanations?: Record<string, string>;
  /** Of /tmp; Lambda's 512 MB unless given. */
  disk?: Size;
  /** What it needs beside its own code. */
  beside?: Beside;
  recursiveLoop?: RecursiveLoop;
  /** Who is hurt when the function fails or is throttled. */
  errorImpact: string;
}

export class ServiceFunction<S extends EnvSchema> extends Construct {
  readonly fn: NodejsFunction;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps<S>) {
    super(scope, id);
    const { stage, folder, key, monitoring, errorImpact } = props;
    const logGroup = new LogGroup(this, 'Log', { retention: stage.logDays, encryptionKey: key, removalPolicy: RemovalPolicy.DESTROY });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com'), description: `What ${folder} may do` });
    logGroup.grantWrite(role);
    for (const statement of props.permissions) role.addToPolicy(statement);

    this.fn = new NodejsFunction(this, 'Fn', {
      description: props.description,
      entry: join(ROOT, 'functions', folder, 'handler.ts'),
      projectRoot: ROOT,
      depsLockFilePath: join(ROOT, 'package-lock.json'),
      bundling: bundling(props.beside ?? {}),
      runtime: Runtime.NODEJS_24_X,
      // LanceDB's engine is taken for the processor of most machines that people deploy from, and that CI runs on.
      architecture: props.beside?.lance ? Architecture.X86_64 : Architecture.ARM_64,
      timeout: props.timeout,
      memorySize: props.memorySize,
      ...(props.disk && { ephemeralStorageSize: props.disk }),
      environment: environmentOf(this.node.path, stage, props.schema, props.environment),
      role,
      logGroup,
      tracing: Tracing.ACTIVE,
      ...(props.recursiveLoop && { recursiveLoop: props.recursiveLoop }),
    });
    explain(role, {
      'AwsSolutions-IAM5[Resource::*]': 'X-Ray knows no resources: xray:PutTraceSegments and xray:PutTelemetryRecords can only be allowed for all.',
      ...props.explanations,
    });
    explain(this.fn, {
      'Serverless-LambdaDLQ': 'It would take failed asynchronous invocations, and nothing invokes the function so: its callers see its failures, or retry and have a dead-letter queue.',
    });

    monitoring.alarm(this, 'Errors', { metric: this.fn.metricErrors({ period: PERIOD }), threshold: 1, errorImpact: `${folder} fails. ${errorImpact}` });
    monitoring.alarm(this, 'Throttles', {
      metric: this.fn.metricThrottles({ period: PERIOD }),
      threshold: 1,
      errorImpact: `${folder} is held back by the account's limit of concurrent Lambda executions. ${errorImpact}`,
    });
  }
}

/** All that a function is given. Throws where it is not what the function's schema takes. */
export function environmentOf(path: string, stage: Stage, schema: EnvSchema, own: object): Record<string, string> {
  const given: Record<Given, string> = {
    STAGE: stage.name,
    LOG_LEVEL: 'INFO',
    POWERTOOLS_TRACER_CAPTURE_RESPONSE: 'false',
    POWERTOOLS_TRACER_CAPTURE_ERROR: 'false',
  };
  const environment = defined({ ...own, ...given });
  checkEnvironment(path, schema, environment);
  return { ...environment, NODE_OPTIONS: '--enable-source-maps' };
}

const defined = (variables: object): Record<string, string> =>
  Object.fromEntries(Object.entries(variables).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));

/** What the types cannot see, as a window that is too long. Values that only a deployment knows are let pass. */
function checkEnvironment(path: string, schema: EnvSchema, environment: Record<string, string>): void {
  const issues = schema.safeParse(environment).error?.issues ?? [];
  const wrong = issues.filter((issue) => !Token.isUnresolved(environment[String(issue.path[0])]));
  if (wrong.length > 0) throw new Error(`The environment of ${path} is not right:\n${wrong.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n')}`);
}

/** An allowance of exactly these actions on exactly these resources. */
export const allow = (actions: string[], resources: string[], conditions?: Record<string, Record<string, string | string[]>>): PolicyStatement =>
  new PolicyStatement({ effect: Effect.ALLOW, actions, resources, ...(conditions && { conditions }) });
