/** `/v1/project`: what holds for all that is done with one API key. No official client knows it. */
import { describe, expect, test } from '@jest/globals';
import { text } from '../../support/scripted-model.ts';
import type { Run, Thread } from '../clients/client.ts';
import type { ErrorBody, Stage } from '../stage.ts';

const DAY_S = 86_400;
export const DEFAULTS = { object: 'project', retention: { days: 60 }, export_on_expiry: false, expiring_days: null, when_busy: 'reject' };

interface Kept extends Thread {
  last_active_at: number;
  expires_at: number | null;
  retention: unknown;
}

let last = 0;
/** A key of a project that nobody has used before. */
export const newProject = async (stage: Stage): Promise<{ id: string; key: string }> => {
  const id = `proj_settings_${++last}`;
  return { id, key: await stage.server.createKey(id) };
};

export const read = async (stage: Stage, key: string): Promise<unknown> => {
  const { status, body } = await stage.http<unknown>('GET', '/project', { key });
  expect(status).toBe(200);
  return body;
};
export const set = async (stage: Stage, key: string, body: object): Promise<unknown> => {
  const answer = await stage.http<unknown>('POST', '/project', { key, body });
  expect(answer.status).toBe(200);
  return answer.body;
};
const refusal = async (stage: Stage, key: string, body: unknown): Promise<ErrorBody['error']> => {
  const answer = await stage.http('POST', '/project', { key, body });
  expect(answer.status).toBe(400);
  return answer.body.error;
};

const livesFor = ({ expires_at, last_active_at }: Kept): number | null => (expires_at === null ? null : (expires_at - last_active_at) / DAY_S);

export function projectSettings(use: () => Stage): void {
  describe('the settings of a project', () => {
    test('are the server’s until it has its own', async () => {
      const stage = use();
      const { id, key } = await newProject(stage);

      expect(await read(stage, key)).toEqual({ id, ...DEFAULTS });
      expect(await set(stage, key, {})).toEqual({ id, ...DEFAULTS });
    });

    test('are set one by one, kept, and taken back with null', async () => {
      const stage = use();
      const { id, key } = await newProject(stage);
      const all = { retention: { days: 7 }, export_on_expiry: true, expiring_days: 3, when_busy: 'queue' };

      expect(await set(stage, key, { retention: { days: 7 } })).toEqual({ id, ...DEFAULTS, retention: { days: 7 } });
      expect(await set(stage, key, { export_on_expiry: true, expiring_days: 3, when_busy: 'queue' })).toEqual({ id, ...DEFAULTS, ...all });
      expect(await read(stage, key)).toEqual({ id, object: 'project', ...all });
      expect(await set(stage, key, { retention: null, expiring_days: null })).toEqual({ id, object: 'project', ...all, retention: { days: 60 }, expiring_days: null });
      expect(await set(stage, key, { export_on_expiry: null, when_busy: null })).toEqual({ id, ...DEFAULTS });
      expect(await read(stage, key)).toEqual({ id, ...DEFAULTS });
    });

    test('are all set when many set them at once', async () => {
      const stage = use();
      const { id, key } = await newProject(stage);

      await Promise.all([{ retention: { days: 1 } }, { export_on_expiry: true }, { expiring_days: 365 }].map((body) => set(stage, key, body)));

      expect(await read(stage, key)).toEqual({ id, ...DEFAULTS, retention: { days: 1 }, export_on_expiry: true, expiring_days: 365 });
    });

    test('that are none are refused, and nothing is set', async () => {
      const stage = use();
      const { id, key } = await newProject(stage);

      expect(await refusal(stage, key, { colour: 'red' })).toEqual({ message: "Unknown parameter: 'colour'.", type: 'invalid_request_error', param: 'colour', code: 'unknown_parameter' });
      expect(await refusal(stage, key, { id: 'proj_default' })).toMatchObject({ param: 'id', code: 'unknown_parameter' });
      expect(await refusal(stage, key, { expiring_days: 0 })).toMatchObject({ param: 'expiring_days', code: 'integer_below_min_value' });
      expect(await refusal(stage, key, { expiring_days: 366 })).toMatchObject({ param: 'expiring_days', code: 'integer_above_max_value' });
      expect(await refusal(stage, key, { expiring_days: 1.5 })).toMatchObject({ param: 'expiring_days', code: 'invalid_type' });
      expect(await refusal(stage, key, { when_busy: 'wait' })).toMatchObject({ param: 'when_busy', code: 'invalid_value' });
      expect(await refusal(stage, key, { export_on_expiry: 'yes' })).toMatchObject({ param: 'export_on_expiry', code: 'invalid_type' });
      expect(await refusal(stage, key, { export_on_expiry: true, retention: { days: 3651 } })).toMatchObject({ param: 'retention.days' });
      expect(await refusal(stage, key, { retention: 'soon' })).toMatchObject({ param: 'retention' });
      expect(await read(stage, key)).toEqual({ id, ...DEFAULTS });
    });
  });
}

export function projectRetention(use: () => Stage): void {
  describe('the retention of a project', () => {
    test('holds for the threads that it makes from then on, and say nothing themselves', async () => {
      const stage = use();
      const { key } = await newProject(stage);
      const client = stage.connect({ apiKey: key });
      const earlier = (await client.beta.threads.create()) as Kept;
      await set(stage, key, { retention: { days: 7 } });

      const [plain, own] = [(await client.beta.threads.create()) as Kept, (await client.post('/threads', { body: { retention: 'never' } })) as Kept];

      expect([earlier, plain, own].map(livesFor)).toEqual([60, 7, null]);
      expect(plain.retention).toEqual({ days: 7 });
      expect(livesFor((await client.beta.threads.retrieve(earlier.id)) as Kept)).toBe(60);
      await set(stage, key, { retention: null });
      expect(livesFor((await client.beta.threads.create()) as Kept)).toBe(60);
    });

    test('holds for threads that are made with a run', async () => {
      const stage = use();
      const { key } = await newProject(stage);
      const client = stage.connect({ apiKey: key });
      await set(stage, key, { retention: { days: 2 } });
      const assistant = await client.beta.assistants.create({ model: 'gpt-4o' });
      stage.model.script(text('Hello.'));

      const run: Run = await client.beta.threads.createAndRunPoll({ assistant_id: assistant.id, thread: { messages: [{ role: 'user', content: 'Hi' }] } });

      expect(run.status).toBe('completed');
      expect(livesFor((await client.beta.threads.retrieve(run.thread_id)) as Kept)).toBe(2);
    });

    test('ends them', async () => {
      const stage = use();
      const { key } = await newProject(stage);
      const client = stage.connect({ apiKey: key });
      await set(stage, key, { retention: { days: 1 } });
      const thread = await client.beta.threads.create();

      await stage.server.jump(DAY_S * 1000);

      expect((await stage.failure(client.beta.threads.retrieve(thread.id))).status).toBe(404);
    });
  });
}
