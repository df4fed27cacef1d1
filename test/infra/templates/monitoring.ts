import { describe, expect, it } from '@jest/globals';
import { METRICS_NAMESPACE, serviceName } from '../../../functions/shared/metric-names.ts';
import { asText, everyStage, resources, templatesOf } from '../synthesized.ts';

describe.each(everyStage)('in $name', (stage) => {
  const { service } = templatesOf(stage);
  const alarms = resources(service, 'AWS::CloudWatch::Alarm').map(([id, { Properties }]) => ({ id, properties: Properties }));
  const watched = alarms.map(({ properties }) => `${String(properties['MetricName'])} ${asText((properties['Dimensions'] as { Value: unknown }[])[0]?.Value).replace(/^<(\D+?)(?:Fn)?[0-9A-F]{8}.*$/, '$1')}`);

  it('every function is watched for errors and throttles', () => {
    for (const name of ['Api', 'RunWorker', 'RunTimer', 'ThreadReaper', 'EventTeller', 'WebhookSender', 'DeadLetters', 'Keys', 'FileIndexer', 'FileSearch']) {
      expect(watched).toEqual(expect.arrayContaining([`Errors ${name}`, `Throttles ${name}`]));
    }
  });

  it('so are waiting jobs and deliveries, dead letters, late reaping, late events, failed timers, failing requests and code that was not executed', () => {
    const metrics = alarms.map(({ id, properties }) => `${String(properties['MetricName'])} ${id.replace(/[0-9A-F]{8}$/, '')}`);
    expect(metrics).toEqual(
      expect.arrayContaining([
        'ApproximateAgeOfOldestMessage QueueOldestJob',
        'ApproximateAgeOfOldestMessage WebhookQueueOldestJob',
        'ApproximateAgeOfOldestMessage IndexQueueOldestJob',
        'ApproximateAgeOfOldestMessage DeadOldest',
        'Invocations DeadArrivals',
        'IteratorAge ReaperFeedLate',
        'ApproximateNumberOfMessagesVisible ReaperFeedGaveUp',
        'IteratorAge TellerFeedLate',
        'ApproximateNumberOfMessagesVisible TellerFeedGaveUp',
        'ExecutionsFailed TimersFailures',
        '5XXError HttpServerErrors',
        'code_not_executed CodeNotExecuted',
      ]),
    );
  });

  it('every alarm says in sentences of its own who is hurt, and tells the topic', () => {
    const texts = alarms.map(({ properties }) => String(properties['AlarmDescription']));
    for (const text of texts) expect(text).toMatch(/^\S.{60,900}[.?]$/s);
    expect(new Set(texts).size).toBe(alarms.length);
    for (const { properties } of alarms) {
      expect(properties).toMatchObject({ AlarmActions: [{ Ref: expect.stringMatching(/^MonitoringTopic/) as unknown }], TreatMissingData: 'notBreaching', ComparisonOperator: 'GreaterThanOrEqualToThreshold' });
    }
  });

  it('the topic is encrypted, and open to the account’s alarms', () => {
    const [[, topic] = ['', undefined]] = resources(service, 'AWS::SNS::Topic');
    expect(topic?.Properties['KmsMasterKeyId']).toBeDefined();
    const policy = JSON.stringify(resources(service, 'AWS::SNS::TopicPolicy')[0]?.[1].Properties['PolicyDocument']);
    expect(policy).toContain('"Service":"cloudwatch.amazonaws.com"');
    expect(policy).toContain('"aws:SecureTransport":"false"');
  });

  it('every log ends some day, under the key', () => {
    const groups = resources(service, 'AWS::Logs::LogGroup');
    // Ten functions, the state machine, and API Gateway's two.
    expect(groups).toHaveLength(13);
    for (const [, { Properties }] of groups) expect(Properties).toMatchObject({ RetentionInDays: stage.logDays, KmsKeyId: expect.anything() as unknown });
  });

  it('API Gateway finds its log group made, and so does not make one that lasts for ever', () => {
    const [[logId] = ['']] = resources(service, 'AWS::Logs::LogGroup').filter(([, { Properties }]) => asText(Properties['LogGroupName'] ?? '').startsWith('API-Gateway-Execution-Logs_<HttpApi'));
    const [[, apiStage] = ['', undefined]] = resources(service, 'AWS::ApiGateway::Stage');
    expect(apiStage?.DependsOn).toContain(logId);
  });

  it('one dashboard shows all of it, and the service’s own counts under the names that it counts by', () => {
    const [[, dashboard] = ['', undefined], ...others] = resources(service, 'AWS::CloudWatch::Dashboard');
    expect(others).toEqual([]);
    const body = asText(dashboard?.Properties['DashboardBody']);
    for (const status of ['completed', 'incomplete', 'failed', 'cancelled', 'expired']) {
      expect(body).toContain(`"${METRICS_NAMESPACE}","run_ended_${status}","service","${serviceName(stage.name)}"`);
    }
    for (const { id } of alarms) expect(body).toContain(`<${id}.Arn>`);
  });
});
