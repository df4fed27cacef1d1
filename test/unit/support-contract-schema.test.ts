/** The contract as validators. The document is not part of this repository: what needs it runs where it is. */
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { contractAvailable, contractFile, DEVIATIONS, expectValid, openContract, schemaForEvent, schemaForResponse } from '../support/contract-schema.ts';

afterEach(() => void jest.restoreAllMocks());

const NOW = 1_700_000_000;
const model = { id: 'gpt-4o', object: 'model', created: NOW, owned_by: 'openai' };
const thread = { id: 'thread_1', object: 'thread', created_at: NOW, metadata: {}, tool_resources: {} };

describe('without the document', () => {
  test('one loud line, and nothing is validated', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const absent = openContract('/no/such/file.json');
    expect(absent.available).toBe(false);
    absent.expectValid('RunObject', 'nonsense');
    expect([absent.schemaForResponse('GET', '/models'), absent.schemaForEvent('error')]).toEqual([undefined, undefined]);
    expect(warn.mock.calls).toEqual([['contract schema not found at /no/such/file.json: responses are NOT validated against it in this run']]);
  });
});

describe('with a document', () => {
  const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
  const answer = (name: string) => ({ responses: { 200: { content: { 'application/json': { schema: ref(name) } } } } });
  const event = (name: string, data: object) => ({ type: 'object', properties: { event: { type: 'string', enum: [name] }, data } });
  const pet = { type: 'object', properties: { id: { type: 'string' }, born: { type: 'integer', format: 'unixtime' } }, required: ['id', 'born'] };
  const document = {
    paths: { '/pets': { get: answer('Pets'), parameters: [] }, '/pets/{pet_id}': { post: answer('Pet'), get: { responses: { 200: { content: {} } } } }, '/pets/all': { post: answer('Pets') } },
    components: {
      schemas: {
        Pet: pet,
        Pets: { type: 'array', items: ref('Pet') },
        ThreadObject: { type: 'object' },
        AssistantStreamEvent: { oneOf: [ref('PetEvent'), ref('Done')] },
        PetEvent: { oneOf: [event('pet.born', ref('Pet')), event('pet.gone', ref('Pets'))] },
        Done: event('done', { type: 'string' }),
      },
    },
  };
  const folder = mkdtempSync(join(tmpdir(), 'contract-'));
  const file = join(folder, 'document.json');
  writeFileSync(file, JSON.stringify(document));
  const contract = openContract(file, []);
  rmSync(folder, { recursive: true });

  test('a valid payload passes, an invalid one is explained', () => {
    contract.expectValid('Pet', { id: 'a', born: NOW });
    expect(() => contract.expectValid('Pets', [{ born: 'x' }])).toThrow('not a valid Pets:\n- /0 lacks id\n- /0/born must be integer, got "x"');
    expect(() => contract.expectValid('Cat', {})).toThrow("no schema 'Cat'");
  });

  test('timestamps are seconds', () => {
    expect(() => contract.expectValid('Pet', { id: 'a', born: NOW * 1000 })).toThrow('unixtime');
  });

  test('operations are found by template and by real path, fixed segments first', () => {
    const found = (method: string, path: string) => contract.schemaForResponse(method, path);
    expect([found('GET', '/pets'), found('post', '/pets/pet_1'), found('POST', '/pets/{pet_id}'), found('POST', '/pets/all')]).toEqual(['Pets', 'Pet', 'Pet', 'Pets']);
    expect([found('DELETE', '/pets'), found('POST', '/pets/'), found('POST', '/pets/a/b'), found('GET', '/pets/a')]).toEqual([undefined, undefined, undefined, undefined]);
    expect(found('GET', '/threads')).toBe('ListThreadsResponse');
  });

  test('events are found by name, those without an object have no schema', () => {
    expect(['pet.born', 'pet.gone', 'done', 'other'].map(contract.schemaForEvent)).toEqual(['Pet', 'Pets', undefined, undefined]);
  });
});

if (contractAvailable) {
  describe('with the official document', () => {
    const published = openContract(contractFile, []);

    test.each(DEVIATIONS.map((deviation) => [`${deviation.schema}.${deviation.property}`, deviation] as const))('%s is a deviation, and a needed one', (_name, { schema, property, example, reason }) => {
      expect(reason).not.toBe('');
      if (example === undefined) {
        const complaint = new RegExp(`lacks .*\\b${property}\\b`);
        const complaintOf = (check: typeof expectValid) => {
          try {
            check(schema, {});
          } catch (error) {
            return String(error);
          }
          return '';
        };
        expect(complaintOf(published.expectValid)).not.toMatch(complaint);
        expect(complaintOf(expectValid)).toMatch(complaint);
      } else {
        const place = `${schema}/properties/${property}`;
        expect(() => published.expectValid(place, example)).toThrow('not a valid');
        expectValid(place, example);
      }
    });

    test.each([
      ['GET', '/assistants', 'ListAssistantsResponse'],
      ['DELETE', '/assistants/asst_1', 'DeleteAssistantResponse'],
      ['POST', '/threads/runs', 'RunObject'],
      ['POST', '/threads/thread_1', 'ThreadObject'],
      ['POST', '/threads/thread_1/messages/msg_1', 'MessageObject'],
      ['GET', '/threads/thread_1/runs', 'ListRunsResponse'],
      ['POST', '/threads/thread_1/runs/run_1/submit_tool_outputs', 'RunObject'],
      ['GET', '/threads/thread_1/runs/run_1/steps/step_1', 'RunStepObject'],
      ['GET', '/models/gpt-4o', 'Model'],
    ])('%s %s answers %s', (method, path, schema) => {
      expect(schemaForResponse(method, path)).toBe(schema);
    });

    test('every event of the contract has a schema', () => {
      const run = ['created', 'queued', 'in_progress', 'requires_action', 'completed', 'incomplete', 'failed', 'cancelling', 'cancelled', 'expired'];
      for (const name of run) expect(schemaForEvent(`thread.run.${name}`)).toBe('RunObject');
      for (const name of ['created', 'in_progress', 'completed', 'failed', 'cancelled', 'expired']) expect(schemaForEvent(`thread.run.step.${name}`)).toBe('RunStepObject');
      for (const name of ['created', 'in_progress', 'completed', 'incomplete']) expect(schemaForEvent(`thread.message.${name}`)).toBe('MessageObject');
      expect(['thread.created', 'thread.message.delta', 'thread.run.step.delta', 'error'].map(schemaForEvent)).toEqual(['ThreadObject', 'MessageDeltaObject', 'RunStepDeltaObject', 'ErrorResponse']);
    });

    test('good payloads pass, bad ones do not', () => {
      expectValid('Model', model);
      expectValid('ListThreadsResponse', { object: 'list', data: [thread], first_id: 'thread_1', last_id: 'thread_1', has_more: false });
      expectValid('ListMessagesResponse', { object: 'list', data: [], first_id: null, last_id: null, has_more: false });
      const { id: _id, ...nameless } = model;
      for (const bad of [{ ...model, created: '1' }, { ...model, object: 'modell' }, nameless, null, []]) expect(() => expectValid('Model', bad)).toThrow('not a valid Model');
      expect(() => expectValid('ListThreadsResponse', { object: 'list', data: [{ ...thread, metadata: { k: 1 } }], first_id: null, last_id: null, has_more: false })).toThrow('/data/0/metadata');
    });
  });
}
