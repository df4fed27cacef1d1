/** The scripted model's embeddings, as the official client sees them. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { ScriptedModel, httpError, vectors } from '../support/scripted-model.ts';

let model: ScriptedModel;
let client: OpenAI;
beforeEach(async () => {
  model = await ScriptedModel.start();
  client = new OpenAI({ baseURL: model.baseUrl, apiKey: 'sk-upstream', maxRetries: 0 });
});
afterEach(() => model.close());

const embed = async (input: string[], dimensions = 1024) => (await client.embeddings.create({ model: 'text-embedding-3-small', input, dimensions, encoding_format: 'float' })).data.map(({ embedding }) => embedding);
const likeness = (a: number[] = [], b: number[] = []) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);

test('are the same for the same text, alike for like ones, and of length 1', async () => {
  const [pump, again, pumps, owl] = await embed(['the pump leaks', 'the pump leaks', 'a pump leaks again', 'an owl hunts']);
  expect(again).toEqual(pump);
  expect(likeness(pump, pump)).toBeCloseTo(1, 5);
  expect(likeness(pump, pumps)).toBeGreaterThan(likeness(pump, owl));
  expect(model.embeddings.count).toBe(1);
  await model.verify();
});

test('what the real API refuses, and what a test forbids, is told', async () => {
  await expect(embed([])).rejects.toThrow('1 to 2048 are allowed');
  await expect(embed(['x', ''])).rejects.toThrow('input[1]');
  await expect(client.embeddings.create({ model: 'text-embedding-ada-002', input: ['x'], dimensions: 8 })).rejects.toThrow('dimensions');
  await expect(model.verify()).rejects.toThrow('3 problem(s)');
  model.reset();
  model.embeddings.forbid();
  await expect(embed(['x'])).rejects.toThrow('unexpected call');
  await expect(model.verify()).rejects.toThrow('unexpected call: POST /v1/embeddings');
});

test('go by the script, which is to be used up', async () => {
  model.embeddings.script(httpError(429), vectors((data) => data.slice(1)), vectors());
  await expect(embed(['a'])).rejects.toThrow('429');
  expect(await embed(['a', 'b'])).toHaveLength(1);
  await expect(model.verify()).rejects.toThrow('step never used: vectors()');
});

test('a model that is not there is 404, and no mistake of the test', async () => {
  await expect(client.embeddings.create({ model: 'nobody-has-it', input: ['x'] })).rejects.toThrow('404');
  await model.verify();
});
