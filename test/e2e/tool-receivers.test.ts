/** The receivers that docs/tool-endpoints.md gives people to copy, as they stand there. */
import { afterEach, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { calls, text } from '../support/scripted-model.ts';
import { freePort, receiversIn } from '../support/page-receivers.ts';
import { ROOT, Spoken, plainEnv } from '../support/spoken.ts';
import { openai7 } from './clients/openai-7.ts';
import { eventually, useStage } from './stage.ts';
import { deleteEndpoint, newEndpoint, outputsOf } from './tool-endpoints.ts';
import { functionTool } from './tools.ts';

const use = useStage(openai7);
afterEach(async () => void (await deleteEndpoint(use(), 'get_weather')));

test.each(receiversIn('docs/tool-endpoints.md'))('in %s: answers a call, says what is wrong with another, and takes nothing that is not signed', async (_, program, args) => {
  const stage = use();
  const port = await freePort();
  const endpoint = await newEndpoint(stage, { name: 'get_weather', url: `http://127.0.0.1:${port}/` });
  const receiver = new Spoken(spawn(program, args, { cwd: ROOT, env: plainEnv({ PORT: String(port), TOOL_SECRET: endpoint.signing_secret ?? '' }), stdio: ['ignore', 'pipe', 'pipe'] }));
  try {
    await eventually(`listening\n${receiver.stderr}`, async () => (receiver.stdout.startsWith('listening') ? true : undefined), 20_000);
    const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('get_weather')] });
    stage.model.script(calls([{ name: 'get_weather', arguments: { city: 'Oslo' } }, { name: 'get_weather', arguments: 'no json' }]), text('Clear.'));

    const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

    expect(run.status).toBe('completed');
    const [weather, problem] = await outputsOf(stage, run);
    expect(JSON.parse(weather ?? '')).toEqual({ city: 'Oslo', sky: 'clear', celsius: 21 });
    expect(problem).toMatch(/^Error: /);
    const forged = { method: 'POST', body: '{"id":"call_1","function":{"name":"get_weather","arguments":"{}"}}' };
    const headers = { 'webhook-id': 'call_1', 'webhook-timestamp': String(Math.floor(Date.now() / 1000)), 'webhook-signature': 'v1,bm9uZQ==' };
    expect((await fetch(`http://127.0.0.1:${port}/`, { ...forged, headers })).status).toBe(400);
    expect((await fetch(`http://127.0.0.1:${port}/`, forged)).status).toBe(400);
  } finally {
    receiver.child.kill();
    await receiver.ended;
  }
});
