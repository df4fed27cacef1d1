/** Logs tell codes, ids and numbers: nothing that users, operators or models wrote, however badly things go. */
import { expect, test } from '@jest/globals';
import { createAssistant, once, rest } from '../crash/conversation.ts';
import { deliveryThat } from '../e2e/webhook-calls.ts';
import { type Step, calls, hang, httpError, streamError, text } from '../support/scripted-model.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';
import { TEST_MS, type Scene, useScene } from './crash/outlives.ts';

/** Each in a place of its own, so that a line that has one says where it came from. */
const mark = (place: string): string => `MARK-${place}-Zq7`;
const SECRETS = ['content', 'instructions', 'additional', 'output', 'argument', 'metadata', 'said', 'refused', 'broken', 'function', 'invalid', 'path', 'query', 'key', 'hook', 'answered', 'imported'].map(mark);

const scene = useScene();

/** A run on a new thread, whatever comes of it. */
async function talk({ client, model }: Scene, streamed: boolean, ...steps: Step[]): Promise<void> {
  model.reset();
  model.script(...steps);
  const { beta } = client.client;
  const tools = [{ type: 'function' as const, function: { name: mark('function'), description: mark('instructions') } }];
  const { id: assistant_id } = await beta.assistants.create({ model: 'gpt-4o', instructions: mark('instructions'), tools, metadata: { a: mark('metadata') } }, once());
  const thread = { messages: [{ role: 'user' as const, content: mark('content'), metadata: { m: mark('metadata') } }], metadata: { t: mark('metadata') } };
  const { id } = await beta.threads.create(thread, once());
  const body = { assistant_id, additional_instructions: mark('additional'), metadata: { r: mark('metadata') } };
  const { runs } = beta.threads;
  if (streamed) await client.survive(async (its) => its.beta.threads.runs.stream(id, body).done().then(() => true));
  else await runs.create(id, body);
  const [run] = (await runs.list(id)).data;
  if (!run) throw new Error('there is no run');
  const { status, required_action: action } = await rest(client, id, run.id);
  if (status !== 'requires_action') return;
  const tool_outputs = (action?.submit_tool_outputs.tool_calls ?? []).map((call) => ({ tool_call_id: call.id, output: mark('output') }));
  await runs.submitToolOutputs(run.id, { thread_id: id, tool_outputs });
  await rest(client, id, run.id);
}

/** Requests that are refused, for something in them that nobody else should see. */
async function blunder({ server }: Scene): Promise<void> {
  const send = async (method: string, path: string, body?: string, key = server.key): Promise<number> => {
    const response = await fetch(`${server.baseUrl}${path}`, { method, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, ...(body !== undefined && { body }) });
    await response.arrayBuffer();
    return response.status;
  };
  expect(await send('POST', '/threads', JSON.stringify({ messages: [{ role: mark('invalid'), content: mark('content') }] }))).toBe(400);
  expect(await send('POST', '/threads', `{"messages": "${mark('invalid')}`)).toBe(400);
  expect(await send('GET', `/threads/thread_${mark('path')}`)).toBe(404);
  expect(await send('GET', `/assistants?order=${mark('query')}`)).toBe(400);
  expect(await send('GET', '/assistants', undefined, `sk-${mark('key')}`)).toBe(401);
}

const linesOf = ({ server }: Scene): string[] => [...server.deployment.functions.values()].flatMap(({ logs }) => logs.map(({ text: line }) => line));

/** Lines with a secret in them. */
const tellingOf = (its: Scene): string[] => {
  const secrets = [...SECRETS, its.server.key, 'sk-upstream'];
  return linesOf(its).filter((line) => secrets.some((secret) => line.includes(secret)));
};

test('no line of any log has a word in it that is not the service’s own', async () => {
  const its = scene();
  const { server, saboteur, client } = its;
  const { deployment } = server;
  for (const code of ['job_failed', 'model_failed', 'request_failed', 'feed_failed', 'invocation_failed']) server.expectError(code);
  const lookup = () => calls([{ name: mark('function'), arguments: { a: mark('argument') } }]);
  saboteur.watch();
  await blunder(its);
  for (const streamed of [false, true]) {
    await talk(its, streamed, lookup(), text(mark('said')));
    for (const status of [400, 401]) await talk(its, streamed, httpError(status));
    await talk(its, streamed, streamError(mark('said')));
    await talk(its, streamed, calls([{ name: mark('function'), arguments: `{"a": "${mark('argument')}` }]), text(mark('said')));
  }
  // Drivers and readers that die, and AWS when it fails, with what was in the request in its words.
  const driver = hang(mark('said'));
  const talking = talk(its, true, driver, text(mark('said')));
  await driver.reached;
  await deployment.quiet();
  await saboteur.killRunning('Api', 'model');
  await talking;
  let failures = 40;
  const refused = { refuse: { status: 400, type: 'com.amazonaws.dynamodb.v20120810#ValidationException', message: 'no' } };
  saboteur.kill(({ operation }) => (operation === 'TransactWriteItems' && failures-- > 0 ? refused : undefined));
  await expect(createAssistant(client)).rejects.toThrow();
  saboteur.watch();

  const lines = linesOf(its);
  expect(lines.length).toBeGreaterThan(20);
  expect(tellingOf(its)).toEqual([]);
  // What is wrong can be found all the same.
  expect(lines.some((line) => line.includes('model_failed'))).toBe(true);
  expect(lines.some((line) => line.includes('request_failed'))).toBe(true);
}, TEST_MS);

test('what a provider says of a request that it refuses stays out of the logs', async () => {
  const its = scene();
  its.saboteur.watch();
  its.server.expectError('model_failed');
  for (const streamed of [false, true]) {
    await talk(its, streamed, httpError(400, { message: `The model has no wish to answer '${mark('refused')}'.` }));
    await talk(its, streamed, httpError(401, { message: `Incorrect API key provided: ${mark('refused')}` }));
    await talk(its, streamed, streamError(mark('said'), { message: mark('broken') }));
  }
  expect(tellingOf(its)).toEqual([]);
}, TEST_MS);

test('what strangers are sent, what they answer, and what files hold stays out of the logs', async () => {
  const its = scene();
  const { client, server, saboteur } = its;
  for (const code of ['job_failed', 'feed_failed']) server.expectError(code);
  saboteur.watch();
  await using receiver = await WebhookReceiver.start(server.wayOut);
  const closed = await WebhookReceiver.start(server.wayOut);
  await closed[Symbol.asyncDispose]();
  const make = async (url: string) => ({ client: client.client, endpoint: await client.client.webhooks.create({ name: mark('hook'), url: `${url}?${mark('hook')}`, event_types: ['thread.created'] as never }) });
  const [refusing, unreachable] = [await make(receiver.url), await make(closed.url)];
  receiver.answer = () => 500;
  const thread = await client.client.beta.threads.create({ messages: [{ role: 'user', content: mark('content') }], metadata: { t: mark('metadata') } });
  for (const hooked of [refusing, unreachable]) await deliveryThat(hooked, 'it is tried', ({ attempt_count }) => attempt_count > 0);

  let failures = 3;
  saboteur.kill(({ operation }, point) => (/^(RunWorker|EventTeller|WebhookSender)/.test(point) && /^(PutItem|PutObject)$/.test(operation) && failures-- > 0 ? { refuse: { status: 400, type: 'com.amazonaws.dynamodb.v20120810#ValidationException', message: 'no' } } : undefined));
  const { id } = await client.client.post<{ id: string }>(`/threads/${thread.id}/exports`);
  await client.eventually('it has ended', async () => {
    await client.pass(4000);
    return (await client.client.get<{ completed_at: number | null }>(`/exports/${id}`)).completed_at ?? undefined;
  });
  const send = async (body: string) => (await fetch(`${server.baseUrl}/imports?x=${mark('query')}`, { method: 'POST', headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/x-ndjson' }, body })).status;
  const lines = [`{"type": "${mark('imported')}"`, JSON.stringify({ type: mark('imported'), data: {} }), JSON.stringify({ type: 'message', data: { id: 'msg_x', content: mark('imported') } })];
  expect(await send(lines.join('\n'))).toBe(200);
  await client.client.post('/imports', { body: { object: 'list', data: [{ object: 'thread', id: mark('imported') }] } });

  const secrets = [refusing, unreachable].map(({ endpoint }) => endpoint.signing_secret);
  expect(tellingOf(its)).toEqual([]);
  expect(linesOf(its).filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([]);
}, TEST_MS);
