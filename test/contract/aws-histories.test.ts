/** Exports and imports on AWS: through the API, the queue, the stream and S3. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createKey } from '../../shared/actions/keys.ts';
import { reapRemoved } from '../../shared/actions/reap-removed.ts';
import { handleJob } from '../../shared/engine/handle-job.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { makeApp } from '../../shared/http/app.ts';
import type { WireExport } from '../../shared/wire/export.ts';
import type { WireImport } from '../../shared/wire/import.ts';
import { useEngines } from './aws-stage.ts';
import { type AwsStage, makeAwsWorld } from './aws-world.ts';

const engines = useEngines();
const DAY_MS = 86_400_000;

interface Thread {
  id: string;
}

describe('histories on AWS', () => {
  let stage: AwsStage;
  beforeEach(async () => {
    stage = await makeAwsWorld(await engines());
  });
  afterEach(() => stage.close());

  /** A project's own view of the API, with everything behind it at work. */
  async function open(project: string) {
    const { world } = stage;
    const signals = new RunSignals();
    const app = makeApp({ world, signals, maxBodyBytes: 16 * 1024 * 1024, corsOrigins: [] });
    const { key } = await createKey(world, project, '');
    const send = async (method: string, path: string, body?: string) =>
      app.request(`/v1${path}`, { method, headers: { authorization: `Bearer ${key}`, 'content-type': path.startsWith('/imports') ? 'application/x-ndjson' : 'application/json' }, ...(body !== undefined && { body }) });
    const ask = async <T>(method: string, path: string, body?: object | string): Promise<T> => {
      const response = await send(method, path, typeof body === 'object' ? JSON.stringify(body) : body);
      expect([path, response.status]).toEqual([path, 200]);
      return (await response.json()) as T;
    };
    return {
      send,
      ask,
      exported: async (): Promise<string> => {
        const { id } = await ask<WireExport>('POST', '/exports', {});
        await stage.pass(1000);
        expect(await ask<WireExport>('GET', `/exports/${id}`)).toMatchObject({ status: 'completed' });
        const response = await send('GET', `/exports/${id}/content`);
        return response.status === 302 ? (await fetch(response.headers.get('location') ?? '')).text() : response.text();
      },
    };
  }
  const work = () => stage.queue.consume((delivery) => handleJob(stage.world, new RunSignals(), delivery));

  it('are exported, in several parts and past the server when they are large, and imported to the same bytes', async () => {
    work();
    const [from, to] = [await open('proj_from'), await open('proj_to')];
    const { id } = await from.ask<Thread>('POST', '/threads', { metadata: { a: 'b' }, messages: [{ role: 'user', content: 'Begin' }] });
    for (let n = 0; n < 40; n++) await from.ask('POST', `/threads/${id}/messages`, { role: 'user', content: `${n} ${'y'.repeat(255_000)}` });

    const file = await from.exported();
    expect(file.split('\n').map((line) => line.slice(0, 15))).toEqual(['{"type":"header', '{"type":"thread', ...Array.from({ length: 41 }, () => '{"type":"messag'), '{"type":"end","', '']);
    const { data } = await from.ask<{ data: WireExport[] }>('GET', '/exports');
    expect(data[0]).toMatchObject({ bytes: Buffer.byteLength(file), counts: { threads: 1, messages: 41 } });
    expect((await from.send('GET', `/exports/${data[0]?.id}/content`)).status).toBe(302);

    expect(await to.ask<WireImport>('POST', '/imports', file)).toMatchObject({ end: 'matches', refused: [], counts: { threads: { created: 1 }, messages: { created: 41 } } });
    expect(await to.exported()).toBe(file);
    expect(await to.ask<WireImport>('POST', '/imports', file)).toMatchObject({ counts: { messages: { created: 0, unchanged: 41 } } });
  });

  it('come from the hosted service in the order of their times', async () => {
    work();
    const { ask, exported } = await open('proj_hosted');
    const message = (id: string, at: number) => ({ id, object: 'thread.message', created_at: at, thread_id: 'thread_hosted', role: 'user', content: [{ type: 'text', text: { value: id, annotations: [] } }] });
    const dump = [{ id: 'thread_hosted', object: 'thread', created_at: 1_714_000_000 }, { object: 'list', data: [message('msg_A', 1_714_000_300), message('msg_Z', 1_714_000_200), message('msg_M', 1_714_000_100)] }];
    expect(await ask<WireImport>('POST', '/imports', dump.map((line) => JSON.stringify(line)).join('\n'))).toMatchObject({ refused: [], counts: { messages: { created: 3 } } });

    const list = async (query: string) => (await ask<{ data: Thread[] }>('GET', `/threads/thread_hosted/messages?order=asc${query}`)).data.map(({ id }) => id);
    expect(await list('')).toEqual(['msg_M', 'msg_Z', 'msg_A']);
    expect(await list('&after=msg_M')).toEqual(['msg_Z', 'msg_A']);
    expect(await ask('GET', '/threads/thread_hosted/messages/msg_Z')).toMatchObject({ id: 'msg_Z' });
    expect((await exported()).match(/"id":"msg_./g)).toEqual(['"id":"msg_M', '"id":"msg_Z', '"id":"msg_A']);
  });

  it('are written before a thread whose time has come is deleted', async () => {
    const { ask, send } = await open('proj_expiry');
    const { id } = await ask<Thread>('POST', '/threads', { retention: { days: 1 }, export_on_expiry: true, messages: [{ role: 'user', content: 'Last words' }] });
    stage.feed.consume((event) => (event.type === 'removed' ? reapRemoved(stage.world, event) : Promise.resolve()));
    await stage.pass(2 * DAY_MS);
    await stage.sweep();
    await stage.pass(10_000);
    // However long the engines take for it.
    const isOver = async () => (await stage.store.page('message', ['proj_expiry', id], { order: 'asc', limit: 1 })).items.length === 0;
    for (const untilMs = performance.now() + 20_000; !(await isOver()) && performance.now() < untilMs; ) await new Promise((resolve) => setImmediate(resolve));

    const { data } = await ask<{ data: WireExport[] }>('GET', '/exports');
    expect(data).toEqual([expect.objectContaining({ cause: 'expiry', status: 'completed', thread_id: id })]);
    expect(await (await send('GET', `/exports/${data[0]?.id}/content`)).text()).toContain('Last words');
    expect((await stage.store.page('message', ['proj_expiry', id], { order: 'asc', limit: 10 })).items).toEqual([]);
  });
});
