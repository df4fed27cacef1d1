/** Alarms that say who is hurt, and the one place that tells somebody. */
import { Aws, Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { METRICS_NAMESPACE, serviceName } from '../../functions/shared/metric-names.ts';
import type { Stage } from '../stages.ts';
import { explain } from './explain.ts';

export interface AlarmProps {
  metric: IMetric;
  /** Fires from this value on. */
  threshold: number;
  /** Five-minute periods in a row; one unless given. */
  periods?: number;
  /** Who is hurt and how, and what to look at first: the text that somebody is woken up with. */
  errorImpact: string;
}

export const PERIOD = Duration.minutes(5);

/** How often the functions of a stage have logged something. */
export const logged = (stage: Stage, metricName: string, label?: string): Metric =>
  new Metric({ namespace: METRICS_NAMESPACE, metricName, dimensionsMap: { service: serviceName(stage.name) }, statistic: Stats.SUM, period: PERIOD, ...(label !== undefined && { label }) });

export class Monitoring extends Construct {
  readonly #topic: Topic;
  readonly #alarms: Alarm[] = [];

  constructor(scope: Construct, id: string, { key, email }: { key: IKey; email: string | undefined }) {
    super(scope, id);
    this.#topic = new Topic(this, 'Topic', { masterKey: key, enforceSSL: true });
    // The policy that refuses what is not encrypted replaces the one that lets the account's alarms in.
    this.#topic.grantPublish(new ServicePrincipal('cloudwatch.amazonaws.com', { conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } } }));
    if (email !== undefined) {
      const subscription = this.#topic.addSubscription(new EmailSubscription(email));
      explain(subscription, { 'Serverless-SNSRedrivePolicy': 'A mail that bounces would bounce again; the alarm itself stays to be seen in CloudWatch.' });
    }
  }

  get alarms(): readonly Alarm[] {
    return this.#alarms;
  }

  alarm(scope: Construct, id: string, { metric, threshold, periods = 1, errorImpact }: AlarmProps): void {
    const alarm = new Alarm(scope, id, {
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: errorImpact,
    });
    alarm.addAlarmAction(new SnsAction(this.#topic));
    this.#alarms.push(alarm);
  }
}
