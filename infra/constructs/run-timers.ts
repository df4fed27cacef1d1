/**
 * The clock of runs that wait for tool outputs: one execution per run and round, named after both, so starting it twice is
 * harmless. It waits until the window's end (`$.dueAt`), then has the run-timer write the expiry down. Readers see the
 * expiry to the second without it; the timer is for those who wait to be told.
 */
import { ArnFormat, type CfnElement, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
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

export class RunTimers extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, { stage, key, monitoring, timer, timerTimeout }: RunTimersProps) {
    super(scope, id);
    const expire = new LambdaInvoke(this, 'Expire', {
      lambdaFunction: timer,
      // The execution's own input is the function's.
      payloadResponseOnly: true,
      taskTimeout: Timeout.duration(timerTimeout.plus(Duration.seconds(10))),
      // Below, with the pauses that this work needs.
      retryOnServiceExceptions: false,
    }).addRetry({ errors: ['States.ALL'], interval: Duration.seconds(1), backoffRate: 2, maxDelay: Duration.minutes(1), maxAttempts: 8 });
    const wait = new Wait(this, 'UntilTheWindowCloses', { time: WaitTime.timestampPath('$.dueAt') });

    this.machine = new StateMachine(this, 'Machine', {
      comment: 'Waits for the end of a run’s window, then expires the run',
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromChainable(wait.next(expire)),
      timeout: Duration.hours(1),
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
      errorImpact: 'Runs whose window has closed are shown as expired, but their threads’ events and timers are not written down until somebody looks. Look at run-timer.',
    });
  }

  start(): PolicyStatement {
    return allow(['states:StartExecution'], [this.machine.stateMachineArn]);
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
        'Each run and round has an execution of its own, named after it; all of them are of this one state machine.',
    };
  }
}

const logicalId = (construct: Construct): string => Stack.of(construct).getLogicalId(construct.node.defaultChild as CfnElement);
