/** The harness is worth something: it stumbles over what it does not know, and notices every permission that is missing. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import * as z from 'zod';
import { eventually } from '../e2e/stage.ts';
import { deliveryThat } from '../e2e/webhook-calls.ts';
import { AwsEngines } from '../support/engines/aws-engines.ts';
import { ScriptedModel, calls } from '../support/scripted-model.ts';
import { messagesIn } from './crash/cloud-ledger.ts';
import { stacksOf, without } from './crash/permissions.ts';
import { cloudAssembly } from './harness/assembly.ts';
import { mappingsOf } from './harness/declared-service.ts';
import { Deployment } from './harness/deployment.ts';
import { type Resource, Template } from './harness/template.ts';
import { MODEL_URL } from './stages.ts';

const TEST_MS = 120_000;

describe('a template that is not understood', () => {
  const assembly = cloudAssembly();

  /** The service's stack with one resource changed. */
  function changed(type: string, change: (resource: Resource) => void) {
    const service = structuredClone(assembly.service);
    const found = Object.values(service.Resources).find(({ Type }) => Type === type);
    if (!found) throw new Error(`there is no ${type}`);
    change(found);
    return stacksOf({ ...assembly, service }).service;
  }

  test('is the one that was synthesized unless something is changed', () => {
    expect(mappingsOf(stacksOf(assembly).service).length).toBeGreaterThan(2);
  });

  test.each<[string, string, (resource: Resource) => void, string]>([
    ['a type', 'AWS::SQS::Queue', (queue) => void (queue.Type = 'AWS::Kinesis::Stream'), 'AWS::Kinesis::Stream'],
    ['a property', 'AWS::SQS::Queue', ({ Properties }) => void (Properties['DelaySeconds'] = 5), 'DelaySeconds'],
    ['a property of a function', 'AWS::Lambda::Function', ({ Properties }) => void (Properties['ReservedConcurrentExecutions'] = 1), 'ReservedConcurrentExecutions'],
    ['a setting of a mapping', 'AWS::Lambda::EventSourceMapping', ({ Properties }) => void (Properties['MaximumBatchingWindowInSeconds'] = 5), 'MaximumBatchingWindowInSeconds'],
  ])('stops it: %s', (_, type, change, told) => {
    expect(() => changed(type, change)).toThrow(told);
  });

  test.each<[string, (resource: Resource) => void]>([
    ['a kind of answer', ({ Properties }) => void (Properties['FunctionResponseTypes'] = [])],
    ['a filter', ({ Properties }) => void (Properties['FilterCriteria'] = { Filters: [{ Pattern: '{}', Logic: 'OR' }] })],
    ['a starting position', ({ Properties }) => void (Properties['StartingPosition'] = 'LATEST')],
    ['an intrinsic function', ({ Properties }) => void (Properties['BatchSize'] = { 'Fn::FindInMap': ['A', 'b', 'c'] })],
  ])('stops it: a mapping with %s', (_, change) => {
    expect(() => mappingsOf(changed('AWS::Lambda::EventSourceMapping', change))).toThrow();
  });

  test('stops it: a field beside the properties', () => {
    const stream = { Type: 'AWS::SQS::Queue', Condition: 'IsProduction' };
    expect(() => Template.parse({ Resources: { stream } })).toThrow('Condition');
  });
});

describe('a permission that is missing is noticed', () => {
  let engines: AwsEngines | undefined;
  let model: ScriptedModel | undefined;
  beforeAll(async () => {
    [engines, model] = await Promise.all([AwsEngines.start(), ScriptedModel.start()]);
  }, TEST_MS);
  afterAll(async () => {
    await engines?.stop();
    await model?.close();
  });

  /** A little of all that the functions do. It stops where it is not allowed to go on. */
  async function live(client: OpenAI, deployment: Deployment): Promise<void> {
    const { beta, webhooks } = client;
    const assistant = await beta.assistants.create({ model: 'gpt-4o', tools: [{ type: 'function', function: { name: 'lookup' } }] });
    const thread = await beta.threads.create({ messages: [{ role: 'user', content: 'ü'.repeat(200_000) }] });
    const run = await beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id }, { pollIntervalMs: 20 });
    await beta.threads.runs.list(thread.id);
    if (run.status !== 'requires_action') return;
    // First its jobs, each of which would write the expiry down as well.
    await deployment.clock.move(70_000, true);
    await eventually('no job is left', async () => ((await Promise.all(deployment.queues.map(({ name }) => messagesIn(deployment, name)))).flat().length === 0 ? true : undefined), TEST_MS);
    await deployment.clock.move(532_000, true);
    const timer = deployment.fn('RunTimer');
    await eventually('the timer has gone off', () => Promise.resolve(timer.invocations > 0 && timer.underWay === 0 ? true : undefined), TEST_MS);
    await beta.threads.delete(thread.id);
    const hook = await webhooks.create({ name: 'mine', url: 'https://p1.hooks.test/', event_types: ['thread.created'] as never });
    await beta.threads.create();
    await deliveryThat({ client, endpoint: hook }, 'it is tried', ({ attempt_count }) => attempt_count > 0);
  }

  test.each([
    ['Api', 'dynamodb:Query'],
    ['Api', 'sqs:SendMessage'],
    ['Api', 's3:PutObject'],
    ['Api', 'kms:Decrypt'],
    ['RunWorker', 'dynamodb:PutItem'],
    ['RunWorker', 'sqs:DeleteMessage'],
    ['RunWorker', 'sqs:ChangeMessageVisibility'],
    ['RunWorker', 'states:StartExecution'],
    ['RunWorker', 'secretsmanager:GetSecretValue'],
    ['RunTimer', 'dynamodb:PutItem'],
    ['EventTeller', 'dynamodb:PutItem'],
    ['WebhookSender', 'sqs:ReceiveMessage'],
    ['WebhookSender', 'dynamodb:PutItem'],
    ['ThreadReaper', 'dynamodb:GetRecords'],
    ['ThreadReaper', 'dynamodb:DeleteItem'],
    ['ThreadReaper', 's3:DeleteObject'],
  ])('%s without %s', async (construct, action) => {
    if (!engines || !model) throw new Error('not started');
    model.reset();
    model.always(calls([{ name: 'lookup', arguments: {} }]));
    const assembly = without(cloudAssembly(), construct, action);
    const deployment = await Deployment.make({ assembly, engines, outside: { [MODEL_URL]: model.baseUrl }, secret: 'sk-upstream' });
    try {
      const { key } = z.object({ key: z.string() }).parse(await deployment.fn('Keys').invoke({ do: 'create' }));
      const living = live(new OpenAI({ baseURL: `${deployment.apiUrl}/v1`, apiKey: key, maxRetries: 0 }), deployment);
      living.catch(() => undefined);
      const violation = await eventually('something is not allowed', () => Promise.resolve(deployment.front.violations[0]), TEST_MS);
      expect(violation).toContain(construct);
      expect(violation).toContain(action);
    } finally {
      await deployment.close();
    }
  }, TEST_MS);
});
