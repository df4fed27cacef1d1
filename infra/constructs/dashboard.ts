/** One page that answers, from top to bottom: are clients served, do runs end well, is anything waiting, what does it cost. */
import { Duration } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { AlarmStatusWidget, Dashboard, GraphWidget, type IMetric, type IWidget, type Metric, Row, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { metricName } from '../../functions/shared/metric-names.ts';
import type { EndedRun } from '../../shared/domain/run.ts';
import type { Stage } from '../stages.ts';
import { type Monitoring, PERIOD, logged } from './monitoring.ts';

export interface ServiceDashboardProps {
  stage: Stage;
  monitoring: Monitoring;
  api: RestApi;
  functions: Record<string, IFunction>;
  /** Of those the one that makes deliveries. */
  teller: IFunction;
  queues: Record<'runs' | 'deliveries' | 'files' | 'dead', IQueue>;
  machine: StateMachine;
  table: ITable;
}

const ENDS: Record<EndedRun['status'], true> = { completed: true, incomplete: true, failed: true, cancelled: true, expired: true };

export class ServiceDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, { stage, monitoring, api, functions, teller, queues, machine, table }: ServiceDashboardProps) {
    super(scope, id);
    const own = (label: string, name: string) => logged(stage, name, label);
    const each = (metric: (fn: IFunction) => Metric): IMetric[] => Object.entries(functions).map(([label, fn]) => metric(fn).with({ label }));
    const capacity = (name: string) => table.metric(name, { statistic: Stats.SUM, period: PERIOD, label: name });
    const sum = { period: PERIOD, statistic: Stats.SUM };
    const worst = { period: PERIOD, statistic: Stats.MAXIMUM };
    const waiting = (queue: IQueue, label: string) => queue.metricApproximateNumberOfMessagesVisible({ ...worst, label });
    const oldest = (queue: IQueue, label: string) => queue.metricApproximateAgeOfOldestMessage({ ...worst, label });
    const oldestEvent = teller.metric('IteratorAge', { ...worst, label: 'events untold (ms)' });

    this.dashboard = new Dashboard(this, 'Dashboard', { dashboardName: `threadkeep-${stage.name}`, defaultInterval: Duration.hours(3) });
    this.dashboard.addWidgets(
      new Row(new AlarmStatusWidget({ title: 'Who is hurt', alarms: [...monitoring.alarms], width: 24, height: 3 })),
      row(
        graph('Requests', [api.metricCount(sum)], [api.metricClientError(sum), api.metricServerError(sum)]),
        graph('Time to answer (ms)', [50, 95, 99].map((p) => api.metricLatency({ period: PERIOD, statistic: Stats.percentile(p), label: `p${p}` }))),
        graph('Runs by how they ended', (Object.keys(ENDS) as EndedRun['status'][]).map((status) => own(status, metricName('run_ended', status)))),
      ),
      row(
        graph('Jobs waiting', [waiting(queues.runs, 'runs'), waiting(queues.files, 'files'), waiting(queues.dead, 'dead letters')], [oldest(queues.runs, 'runs'), oldest(queues.files, 'files')]),
        graph('Webhooks waiting and given up', [waiting(queues.deliveries, 'deliveries'), own('deliveries given up', metricName('delivery_given_up'))], [oldest(queues.deliveries, 'deliveries'), oldestEvent]),
        graph('Taken over, retried, failed inside', [own('runs taken over', metricName('run_taken_over')), own('model calls retried', metricName('model_retry')), own('jobs failed', metricName('job_failed')), own('code not executed', metricName('code_not_executed')), own('sessions of code not ended', metricName('sandbox_not_ended')), own('records of the stream failed', metricName('feed_failed'))]),
      ),
      row(
        graph('Function errors', each((fn) => fn.metricErrors(sum))),
        graph('Executions at once', each((fn) => fn.metric('ConcurrentExecutions', worst)), each((fn) => fn.metricThrottles(sum))),
        graph('Longest execution (ms)', each((fn) => fn.metricDuration(worst))),
      ),
      row(
        graph('Table units', [capacity('ConsumedReadCapacityUnits'), capacity('ConsumedWriteCapacityUnits')]),
        graph('Timers', [machine.metricStarted(sum), machine.metricAborted(sum), machine.metricFailed(sum)]),
        graph('Work of functions (ms in all)', each((fn) => fn.metricDuration(sum))),
      ),
    );
  }
}

const row = (...widgets: IWidget[]): Row => new Row(...widgets);

const graph = (title: string, left: IMetric[], right: IMetric[] = []): GraphWidget => new GraphWidget({ title, left, right, width: 8, height: 6 });
