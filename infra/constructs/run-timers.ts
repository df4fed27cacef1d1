/**
 * The clock of runs that wait for tool outputs and of threads that come near their end: one execution for each timer, named after it, so
 * starting it twice is harmless. It waits until `$.dueAt`, then has run-timer do what is due. Readers see a run's expiry to the second without
 * it; the timer is for those who wait to be told.
 */
import { ArnFormat, Aws, type CfnElement, Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType, Timeout, Wait, WaitTime } from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import type { Stage as Settings } from '../stages.ts';
import { explain } from './explain.ts';
import { type Monitoring, PERIOD } from './monitoring.ts';
import { allow } from './service-function.ts';

export interface RunTimersProps {
  stage: Settings;
  key: IKey;
  monitoring: Monitoring;
  timer: IFunction;
  timerTimeout: Duration;
}

/**
 * Known before the machine is made, for the function that the machine calls and that sets timers itself. With the stack's own id, the last part of
 * its ARN: a machine that was deleted keeps its name for as long as something waits in it, and a stack put up anew must not wait for that.
 */
const MACHINE_NAME = `${Aws.STACK_NAME}-timers-${Fn.select(2, Fn.split('/', Aws.STACK_ID))}`;

/** Standard's own limit. Nothing waits longer than 300 days: what is due later is set again then (shared/actions/arm-warning.ts). */
const LONGEST_WAIT = Duration.days(365);

/** The state machine's, also where there is no machine yet. */
export const timersArn = (stack: Stack): string => stack.formatArn({ service: 'states', resource: 'stateMachine', resourceName: MACHINE_NAME, arnFormat: ArnFormat.COLON_RESOURCE_NAME });

/** To be given to the machine's own function too. */
export const startTimers = (stack: Stack): PolicyStatement => allow(['states:StartExecution'], [timersArn(stack)]);

export class RunTimers extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, { stage, key, monitoring, timer, timerTimeout }: RunTimersProps) {
    super(scope, id);
    const goOff = new LambdaInvoke(this, 'GoOff', {
      lambdaFunction: timer,
      // The execution's own input is the function's.
      payloadResponseOnly: true,
      taskTimeout: Timeout.duration(timerTimeout.plus(Duration.seconds(10))),
      // Below, with the pauses that this work needs.
      retryOnServiceExceptions: false,
    }).addRetry({ errors: ['States.ALL'], interval: Duration.seconds(1), backoffRate: 2, maxDelay: Duration.minutes(1), maxAttempts: 8 });
    const wait = new Wait(this, 'UntilItIsDue', { time: WaitTime.timestampPath('$.dueAt') });

    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName: MACHINE_NAME,
      comment: 'Waits until a timer is due, then has it go off: the end of a run’s window, or a thread that comes near its end',
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromChainable(wait.next(goOff)),
      timeout: LONGEST_WAIT,
      tracingEnabled: true,
      logs: {
        level: LogLevel.ERROR,
        destination: new LogGroup(this, 'Log', { retention: stage.logDays, encryptionKey: key, removalPolicy: RemovalPolicy.DESTROY }),
      },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    explain(this.machine, {
      [`AwsSolutions-IAM5[Resource::<${logicalId(timer)}.Arn>:*]`]: 'The versions and aliases of the one function that it invokes, beside the function itself; there are none.',
      'AwsSolutions-SF1': 'Failures are logged. A line for each step of each run would cost more than the steps, and tell nothing that the run does not.',
      'AwsSolutions-IAM5[Resource::*]': 'CloudWatch log delivery and X-Ray know no resources: Step Functions requires these actions for all.',
    });
    monitoring.alarm(this, 'Failures', {
      metric: this.machine.metricFailed({ period: PERIOD }),
      threshold: 1,
      errorImpact: 'Runs whose window has closed are shown as expired, but that is not written down and nobody is told; or nobody is warned of a thread’s end. Look at run-timer.',
    });
  }

  stop(): PolicyStatement {
    const executions = { service: 'states', resource: 'execution', resourceName: `${this.machine.stateMachineName}:*`, arnFormat: ArnFormat.COLON_RESOURCE_NAME };
    return allow(['states:StopExecution'], [Stack.of(this).formatArn(executions)]);
  }

  /** Why a statement of `stop` ends in a star. */
  whyStop(): Record<string, string> {
    const name = `<${logicalId(this.machine)}.Name>`;
    return {
      [`AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${name}:*]`]:
        'Each timer is an execution of its own, named after it; all of them are of this one state machine.',
    };
  }
}

const logicalId = (construct: Construct): string => Stack.of(construct).getLogicalId(construct.node.defaultChild as CfnElement);
