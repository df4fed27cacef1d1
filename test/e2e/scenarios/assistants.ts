import { describe, expect, test } from '@jest/globals';
import { text } from '../../support/scripted-model.ts';
import type { AssistantCreateParams } from '../clients/client.ts';
import { type Stage, all, ids } from '../stage.ts';

const FULL: AssistantCreateParams = {
  model: 'gpt-4o',
  name: 'Clerk',
  description: 'Answers letters.',
  instructions: 'Be brief.',
  tools: [
    { type: 'code_interpreter' },
    { type: 'file_search', file_search: { max_num_results: 7, ranking_options: { ranker: 'default_2024_08_21', score_threshold: 0.5 } } },
    { type: 'function', function: { name: 'look_up', description: 'Finds a letter.', strict: true, parameters: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'], additionalProperties: false } } },
  ],
  tool_resources: { code_interpreter: { file_ids: [] }, file_search: { vector_store_ids: [] } },
  metadata: { team: 'post', floor: '2' },
  temperature: 0.4,
  top_p: 0.9,
  reasoning_effort: 'low',
  response_format: { type: 'json_schema', json_schema: { name: 'letter', description: 'A letter.', schema: { type: 'object', properties: {} }, strict: true } },
};

export function assistants(use: () => Stage): void {
  describe('assistants', () => {
    test('are created with all fields, and retrieved and listed as they were answered', async () => {
      const stage = use();

      const created = await stage.assistants.create(FULL);

      const { id, object, created_at, ...fields } = created;
      expect(id).toMatch(/^asst_[A-Za-z0-9]{24}$/);
      expect(object).toBe('assistant');
      expect(Number.isInteger(created_at)).toBe(true);
      expect(fields).toEqual(FULL);
      expect(await stage.assistants.retrieve(id)).toEqual(created);
      expect((await stage.assistants.list({ limit: 1 })).data).toEqual([created]);
    });

    test('are answered with the defaults of what was left out', async () => {
      const stage = use();

      const created = await stage.assistants.create({ model: 'gpt-4o', tools: [{ type: 'file_search' }, { type: 'function', function: { name: 'ping' } }] });

      expect(created).toMatchObject({ name: null, description: null, instructions: null, temperature: 1, top_p: 1, metadata: {}, response_format: 'auto', reasoning_effort: null });
      expect(created.tools).toMatchObject([
        { type: 'file_search', file_search: { ranking_options: { ranker: 'default_2024_08_21', score_threshold: 0 } } },
        { type: 'function', function: { name: 'ping', parameters: { type: 'object', properties: {} }, strict: false } },
      ]);
    });

    test('take null for everything that may be left out', async () => {
      const stage = use();

      const created = await stage.assistants.create({ model: 'gpt-4o', name: null, description: null, instructions: null, metadata: null, temperature: null, top_p: null, response_format: null, tool_resources: null });

      expect(created).toMatchObject({ name: null, description: null, instructions: null, metadata: {}, temperature: 1, top_p: 1, response_format: 'auto', tools: [] });
    });

    test('keep what an update leaves out, and replace metadata and tools whole', async () => {
      const stage = use();
      const created = await stage.assistants.create(FULL);

      const updated = await stage.assistants.update(created.id, { name: 'Scribe', metadata: { team: 'press' }, tools: [{ type: 'code_interpreter' }], model: 'gpt-4o-mini' });

      expect(updated).toEqual({ ...created, name: 'Scribe', metadata: { team: 'press' }, tools: [{ type: 'code_interpreter' }], model: 'gpt-4o-mini' });
      expect(await stage.assistants.retrieve(created.id)).toEqual(updated);
    });

    test('are emptied by null', async () => {
      const stage = use();
      const created = await stage.assistants.create(FULL);

      const updated = await stage.assistants.update(created.id, { name: null, description: null, instructions: null, metadata: null, temperature: null, top_p: null, reasoning_effort: null, response_format: null });

      expect(updated).toEqual({ ...created, name: null, description: null, instructions: null, metadata: {}, temperature: 1, top_p: 1, reasoning_effort: null, response_format: 'auto' });
    });

    test('take the longest name, description, instructions and metadata that the contract allows', async () => {
      const stage = use();
      const metadata = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`${n}`.padEnd(64, 'k'), 'v'.repeat(512)]));
      const longest = { name: 'n'.repeat(256), description: 'd'.repeat(512), instructions: 'i'.repeat(256_000), metadata };

      const created = await stage.newAssistant(longest);

      expect(created).toMatchObject(longest);
    });

    test('take 128 functions', async () => {
      const stage = use();
      const tools = Array.from({ length: 128 }, (_, n) => ({ type: 'function' as const, function: { name: `function_${n}`, parameters: { type: 'object', properties: {} }, strict: false } }));

      const created = await stage.newAssistant({ tools });

      expect(created.tools).toEqual(tools);
    });

    test('are gone once deleted', async () => {
      const stage = use();
      const created = await stage.newAssistant();

      const deleted = await stage.assistants.delete(created.id);

      expect(deleted).toEqual({ id: created.id, object: 'assistant.deleted', deleted: true });
      for (const call of [() => stage.assistants.retrieve(created.id), () => stage.assistants.update(created.id, {}), () => stage.assistants.delete(created.id)]) {
        const { error, message, type } = await stage.failure(call());
        expect(error).toBeInstanceOf(stage.sdk.errors.NotFoundError);
        expect(message).toBe(`No assistant found with id '${created.id}'.`);
        expect(type).toBe('invalid_request_error');
      }
      expect(ids(await all(stage.assistants.list({ limit: 100 })))).not.toContain(created.id);
    });

    test('that are deleted leave their runs behind as they were', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(text('Hello'));
      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      await stage.assistants.delete(assistant_id);

      expect(await stage.runs.retrieve(run.id, { thread_id })).toEqual(run);
      expect(ids(await all(stage.runs.list(thread_id)))).toEqual([run.id]);
    });
  });
}
