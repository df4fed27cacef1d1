/** `Idempotency-Key`: neither official client sends one by itself, but users set the header. */
import { describe, expect, test } from '@jest/globals';
import { hold, text } from '../support/scripted-model.ts';
import type { Run } from './clients/client.ts';
import { openai7 } from './clients/openai-7.ts';
import { ended } from './exports.ts';
import { type Answer, type ErrorBody, type Stage, all, ids, useStage } from './stage.ts';

interface Made {
  id: string;
}
const DAY_MS = 86_400_000;
let last = 0;
const newKey = (): string => `key-${++last}`;
const post = <T = Made>(stage: Stage, path: string, body: unknown, key: string, project?: string): Promise<Answer<T>> =>
  stage.http<T>('POST', path, { body, headers: { 'idempotency-key': key }, ...(project !== undefined && { key: project }) });

describe('Idempotency-Key', () => {
  const use = useStage(openai7, { clocked: true });

  test('the same request twice makes one assistant, one thread, one message, one run', async () => {
    const stage = use();
    const { assistant_id, thread_id } = await stage.newPair();
    stage.model.script(text('Hello.'));
    const requests: [string, unknown][] = [
      ['/assistants', { model: 'gpt-4o', name: 'One' }],
      ['/threads', { messages: [{ role: 'user', content: 'Hi' }] }],
      [`/threads/${thread_id}/messages`, { role: 'user', content: 'Once' }],
    ];

    for (const [path, body] of requests) {
      const key = newKey();
      const first = await post(stage, path, body, key);
      const second = await post(stage, path, body, key);
      expect([first.status, second.status]).toEqual([200, 200]);
      expect(second.body).toEqual(first.body);
      expect((await post(stage, path, body, newKey())).body.id).not.toBe(first.body.id);
    }
    const key = newKey();
    const run = await post<Run>(stage, `/threads/${thread_id}/runs`, { assistant_id }, key);
    await stage.runs.poll(run.body.id, { thread_id });
    const repeated = await post<Run>(stage, `/threads/${thread_id}/runs`, { assistant_id }, key);

    expect(repeated.body).toMatchObject({ id: run.body.id, status: 'completed' });
    expect(stage.model.requests).toHaveLength(1);
    expect(await all(stage.runs.list(thread_id))).toHaveLength(1);
  });

  test('a repeated thread-and-run finds its run while it goes on', async () => {
    const stage = use();
    const assistant = await stage.newAssistant();
    const step = hold('Hello you');
    stage.model.script(step);
    const key = newKey();
    const body = { assistant_id: assistant.id, thread: { messages: [{ role: 'user', content: 'Hi' }] } };

    const first = await post<Run>(stage, '/threads/runs', body, key);
    await step.reached;
    const second = await post<Run>(stage, '/threads/runs', body, key);
    step.release();

    expect(second.body).toMatchObject({ id: first.body.id, thread_id: first.body.thread_id, status: 'in_progress' });
    await stage.runs.poll(first.body.id, { thread_id: first.body.thread_id });
  });

  test('another request under the same key is refused', async () => {
    const stage = use();
    const key = newKey();
    const first = await post(stage, '/assistants', { model: 'gpt-4o', name: 'One' }, key);

    const otherBody = await post<ErrorBody>(stage, '/assistants', { model: 'gpt-4o', name: 'Two' }, key);
    const otherPath = await post<ErrorBody>(stage, '/threads', {}, key);

    expect(first.status).toBe(200);
    for (const refused of [otherBody, otherPath]) expect([refused.status, refused.body.error.type]).toEqual([400, 'invalid_request_error']);
  });

  test('twins at the same moment make one object', async () => {
    const stage = use();
    const thread = await stage.threads.create();
    const key = newKey();

    const twins = await Promise.all(Array.from({ length: 12 }, () => post(stage, `/threads/${thread.id}/messages`, { role: 'user', content: 'Once' }, key)));

    expect(new Set(twins.map(({ body }) => body.id)).size).toBe(1);
    expect(ids(await stage.messagesOf(thread.id))).toEqual([twins[0]?.body.id]);
  });

  test('twins of a run at the same moment start one run', async () => {
    const stage = use();
    const { assistant_id, thread_id } = await stage.newPair();
    stage.model.script(text('Hello.'));
    const key = newKey();

    const twins = await Promise.all(Array.from({ length: 8 }, () => post<Run>(stage, `/threads/${thread_id}/runs`, { assistant_id }, key)));

    expect(twins.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(new Set(twins.map(({ body }) => body.id)).size).toBe(1);
    expect((await stage.runs.poll(twins[0]?.body.id ?? '', { thread_id })).status).toBe('completed');
  });

  test('a refused request leaves its key unused', async () => {
    const stage = use();
    const key = newKey();

    const refused = await post<ErrorBody>(stage, '/assistants', { model: 'gpt-4o', colour: 'red' }, key);
    const mended = await post(stage, '/assistants', { model: 'gpt-4o' }, key);

    expect([refused.status, mended.status]).toEqual([400, 200]);
  });

  test('is forgotten after a day', async () => {
    const stage = use();
    const key = newKey();
    const first = await post(stage, '/assistants', { model: 'gpt-4o' }, key);

    await stage.server.jump(DAY_MS);
    const later = await post(stage, '/assistants', { model: 'gpt-4o' }, key);

    expect(later.status).toBe(200);
    expect(later.body.id).not.toBe(first.body.id);
  });

  test('of an object that is gone says so', async () => {
    const stage = use();
    const key = newKey();
    const { body } = await post(stage, '/threads', {}, key);
    await stage.threads.delete(body.id);

    const repeated = await post<ErrorBody>(stage, '/threads', {}, key);

    expect([repeated.status, repeated.body.error.message]).toEqual([404, `No thread found with id '${body.id}'.`]);
  });

  test('the same request twice makes one export, of one thread and of many', async () => {
    const stage = use();
    const thread = await stage.newThread('Keep this.');
    const ask = async (path: string, body: object, key: string) => (await stage.http<Made>('POST', path, { body, headers: { 'idempotency-key': key }, unchecked: true })).body;
    for (const [path, body] of [[`/threads/${thread.id}/exports`, {}], ['/exports', { format: 'markdown' }]] as const) {
      const key = newKey();
      const first = await ask(path, body, key);
      await ended(stage, first.id);
      expect(await ask(path, body, key)).toMatchObject({ id: first.id, status: 'completed' });
      expect((await ask(path, body, newKey())).id).not.toBe(first.id);
    }
    const key = newKey();
    const twins = await Promise.all(Array.from({ length: 8 }, () => ask('/exports', {}, key)));
    expect(new Set(twins.map(({ id }) => id)).size).toBe(1);
  });

  test('a webhook endpoint is made once, and its secret is not shown again', async () => {
    const stage = use();
    const key = newKey();
    const body = { name: 'Mine', url: 'https://hooks.example.com/in', event_types: ['thread.created'] };
    const ask = (sent: object) => stage.http<Made & ErrorBody>('POST', '/webhook_endpoints', { body: sent, headers: { 'idempotency-key': key }, unchecked: true });
    const twins = await Promise.all(Array.from({ length: 8 }, () => ask(body)));
    const [made, ...others] = twins.filter(({ status }) => status === 200);
    expect(others).toEqual([]);
    expect(made?.body).toHaveProperty('signing_secret');

    const error = { type: 'invalid_request_error', param: null, code: 'idempotency_key_reused', message: `This Idempotency-Key has made webhook endpoint ${made?.body.id} already, and its signing secret is shown once. Rotate its secret for one that you can see.` };
    expect(twins.filter((twin) => twin !== made).map(({ status, body: { error: given } }) => [status, given])).toEqual(Array.from({ length: 7 }, () => [400, error]));
    expect(await ask(body)).toMatchObject({ status: 400, body: { error } });
    expect((await ask({ ...body, name: 'Other' })).body.error.message).toBe('This Idempotency-Key was used for another request before. Use a new key for each new request.');
    const { data } = (await stage.http<{ data: Made[] }>('GET', '/webhook_endpoints', { unchecked: true })).body;
    expect(ids(data)).toEqual([made?.body.id]);
    await stage.http('DELETE', `/webhook_endpoints/${made?.body.id}`, { unchecked: true });
  });
});
