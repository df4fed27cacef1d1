/** The receivers that docs/webhooks.md gives people to copy, as they stand there. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import OpenAI from 'openai';
import { TestServer } from '../support/server.ts';
import { freePort, receiversIn } from '../support/page-receivers.ts';
import { ROOT, Spoken, plainEnv } from '../support/spoken.ts';
import { eventually } from './stage.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 120_000);
afterAll(async () => {
  server.expectNoErrors();
  await server.end();
});

test.each(receiversIn('docs/webhooks.md'))('in %s: prints what happened, once, and takes nothing that is not signed', async (name, program, args) => {
  const port = await freePort();
  const client = new OpenAI({ baseURL: server.baseUrl, apiKey: await server.createKey(`proj_${name}`), maxRetries: 0 });
  const endpoint = await client.webhooks.create({ name: 'Try', url: `http://127.0.0.1:${port}/`, event_types: ['thread.created', 'thread.deleted'] as never });
  const receiver = new Spoken(spawn(program, args, { cwd: ROOT, env: plainEnv({ PORT: String(port), WEBHOOK_SECRET: endpoint.signing_secret }), stdio: ['ignore', 'pipe', 'pipe'] }));
  const said = (line: string) => eventually(`${line}\n${receiver.stdout}${receiver.stderr}`, async () => (receiver.stdout.split('\n').includes(line) ? true : undefined), 20_000);
  try {
    await said('listening');
    const { id } = await client.beta.threads.create();
    await said(`thread.created ${id}`);
    const log = async () => ((await client.get(`/webhook_endpoints/${endpoint.id}/deliveries`)) as { data: { id: string; status: string; attempt_count: number }[] }).data;
    const [first] = await log();
    await client.post(`/webhook_endpoints/${endpoint.id}/deliveries/${first?.id}/replay`);
    await eventually('it was sent again', async () => ((await log())[0]?.attempt_count === 2 ? true : undefined));

    const forged = { method: 'POST', body: '{"id":"evt_1","type":"thread.created","data":{"id":"forged"}}' };
    const headers = { 'webhook-id': 'evt_1', 'webhook-timestamp': String(Math.floor(Date.now() / 1000)), 'webhook-signature': 'v1,bm9uZQ==' };
    expect((await fetch(`http://127.0.0.1:${port}/`, { ...forged, headers })).status).toBe(400);
    expect((await fetch(`http://127.0.0.1:${port}/`, forged)).status).toBe(400);

    await client.beta.threads.delete(id);
    await said(`thread.deleted ${id}`);
    expect(receiver.stdout).toBe(`listening\nthread.created ${id}\nthread.deleted ${id}\n`);
    await eventually('both are written down as delivered', async () => ((await log()).every(({ status }) => status === 'delivered') ? true : undefined));
  } finally {
    receiver.child.kill();
    await receiver.ended;
  }
});
