/** Tool endpoints, managed over plain HTTP: the official client has no calls for them. */
import { describe, expect, test } from '@jest/globals';
import type { ErrorBody, Stage } from '../stage.ts';
import type { WireToolEndpoint } from '../tool-endpoints.ts';

interface List {
  object: string;
  data: WireToolEndpoint[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

const URL = 'https://tools.example.com/weather';
const SECRET = /^whsec_[0-9A-Za-z+/]{43}=$/;
let projects = 0;

/** Requests of a project of its own. */
async function own(stage: Stage) {
  const key = await stage.server.createKey(`proj_managed_${++projects}`);
  return async <T = WireToolEndpoint>(method: string, path: string, body?: object) => stage.http<T>(method, `/tool_endpoints${path}`, { key, unchecked: true, ...(body && { body }) });
}

export function toolEndpointManagement(use: () => Stage): void {
  describe('a tool endpoint', () => {
    test('is made with a secret that is shown this once', async () => {
      const ask = await own(use());

      const made = await ask('POST', '', { name: 'get_weather', url: URL });
      const { signing_secret: secret = '', ...shown } = made.body;

      expect(made.status).toBe(200);
      expect(secret).toMatch(SECRET);
      expect(shown).toEqual({
        id: 'get_weather',
        object: 'tool_endpoint',
        created_at: expect.any(Number),
        updated_at: shown.created_at,
        name: 'get_weather',
        url: URL,
        lambda_arn: null,
        timeout_seconds: 480,
        signing_secret_hint: `whsec_…${secret.slice(-4)}`,
      });
      expect((await ask('GET', '/get_weather')).body).toEqual(shown);
      expect((await ask<List>('GET', '')).body).toEqual({ object: 'list', data: [shown], first_id: 'get_weather', last_id: 'get_weather', has_more: false });
    });

    test('is changed field by field', async () => {
      const ask = await own(use());
      const { signing_secret: _, ...made } = (await ask('POST', '', { name: 'a', url: URL, timeout_seconds: 30 })).body;

      expect((await ask('POST', '/a', { timeout_seconds: 1 })).body).toMatchObject({ url: URL, timeout_seconds: 1 });
      expect((await ask('POST', '/a', { url: 'https://other.example.com/' })).body).toMatchObject({ url: 'https://other.example.com/', timeout_seconds: 1 });
      expect((await ask('POST', '/a', {})).body).toMatchObject({ url: 'https://other.example.com/', timeout_seconds: 1, created_at: made.created_at });
      expect((await ask('POST', '/a', { url: null, timeout_seconds: null })).body).toMatchObject({ url: 'https://other.example.com/', timeout_seconds: 1 });
      expect(made.timeout_seconds).toBe(30);
    });

    test('gets a new secret', async () => {
      const ask = await own(use());
      const made = (await ask('POST', '', { name: 'a', url: URL })).body;

      const rotated = await ask('POST', '/a/rotate_secret', { keep_old_secret_active_for_24_hours: true });

      expect(rotated.body.signing_secret).toMatch(SECRET);
      expect(rotated.body.signing_secret).not.toBe(made.signing_secret);
      expect((await ask('POST', '/a/rotate_secret')).body.signing_secret).not.toBe(rotated.body.signing_secret);
      expect((await ask('GET', '/a')).body).not.toHaveProperty('signing_secret');
    });

    test('is deleted, and then unknown', async () => {
      const ask = await own(use());
      await ask('POST', '', { name: 'a', url: URL });

      expect((await ask('DELETE', '/a')).body).toEqual({ id: 'a', object: 'tool_endpoint.deleted', deleted: true });

      for (const [method, path] of [['GET', '/a'], ['POST', '/a'], ['DELETE', '/a'], ['POST', '/a/rotate_secret']] as const) {
        const { status, body } = await ask<ErrorBody>(method, path);
        expect([status, body]).toEqual([404, { error: { message: "No tool endpoint found with id 'a'.", type: 'invalid_request_error', param: null, code: null } }]);
      }
      expect((await ask('POST', '', { name: 'a', url: URL })).status).toBe(200);
    });

    test('is of its project alone', async () => {
      const [mine, theirs] = [await own(use()), await own(use())];
      await mine('POST', '', { name: 'a', url: URL });

      expect((await theirs('GET', '/a')).status).toBe(404);
      expect((await theirs('DELETE', '/a')).status).toBe(404);
      expect((await theirs<List>('GET', '')).body.data).toEqual([]);
      expect((await theirs('POST', '', { name: 'a', url: URL })).status).toBe(200);
    });

    test('is the only one of its function', async () => {
      const ask = await own(use());
      await ask('POST', '', { name: 'a', url: URL });

      const { status, body } = await ask<ErrorBody>('POST', '', { name: 'a', url: 'https://other.example.com/' });

      expect([status, body.error]).toEqual([400, { message: "The function 'a' has an endpoint already. Change that one, or delete it first.", type: 'invalid_request_error', param: 'name', code: 'tool_endpoint_exists' }]);
      expect((await ask('GET', '/a')).body.url).toBe(URL);
    });

    test('is listed page by page', async () => {
      const ask = await own(use());
      for (const name of ['b', 'A', 'd-1', 'c_']) await ask('POST', '', { name, url: URL });
      const names = async (query: string) => {
        const { data, has_more } = (await ask<List>('GET', query)).body;
        return [...data.map(({ name }) => name), has_more];
      };

      expect(await names('?order=asc&limit=3')).toEqual(['A', 'b', 'c_', true]);
      expect(await names('?order=asc&limit=3&after=c_')).toEqual(['d-1', false]);
      expect(await names('?limit=2&before=')).toEqual(['d-1', 'c_', true]);
    });

    test('is one of a hundred at most', async () => {
      const ask = await own(use());
      for (let n = 0; n < 100; n++) expect((await ask('POST', '', { name: `f${n}`, url: URL })).status).toBe(200);

      const { status, body } = await ask<ErrorBody>('POST', '', { name: 'more', url: URL });

      expect([status, body.error.code]).toEqual([400, 'too_many_tool_endpoints']);
    });

    test.each<[string | null, object, string | RegExp]>([
      ['name', { url: URL }, "Missing required parameter: 'name'."],
      ['name', { name: 'two words', url: URL }, /string does not match pattern/],
      ['name', { name: 'x'.repeat(65), url: URL }, /string does not match pattern/],
      ['url', { name: 'a' }, "Give either 'url' or 'lambda_arn'."],
      ['url', { name: 'a', url: 'http://example.com/' }, "Invalid 'url': The URL must begin with https://."],
      ['url', { name: 'a', url: 'https://169.254.169.254/latest/meta-data' }, /^Invalid 'url': /],
      ['url', { name: 'a', url: 'https://user:password@example.com/' }, /^Invalid 'url': /],
      ['lambda_arn', { name: 'a', url: URL, lambda_arn: 'arn:aws:lambda:eu-west-1:123456789012:function:f' }, "Give either 'url' or 'lambda_arn', not both."],
      ['lambda_arn', { name: 'a', lambda_arn: '' }, /^Invalid 'lambda_arn': string too short/],
      ['timeout_seconds', { name: 'a', url: URL, timeout_seconds: 481 }, /above maximum/],
      ['timeout_seconds', { name: 'a', url: URL, timeout_seconds: 0 }, /below minimum/],
      ['timeout_seconds', { name: 'a', url: URL, timeout_seconds: 1.5 }, /expected an integer/],
      ['secret', { name: 'a', url: URL, secret: 'mine' }, "Unknown parameter: 'secret'."],
    ])('is refused for its %s: %j', async (param, body, message) => {
      const ask = await own(use());

      const refused = await ask<ErrorBody>('POST', '', body);

      expect(refused).toMatchObject({ status: 400, body: { error: { type: 'invalid_request_error', param } } });
      expect(refused.body.error.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
      expect((await ask<List>('GET', '')).body.data).toEqual([]);
    });

    test('may not be moved inside later', async () => {
      const ask = await own(use());
      await ask('POST', '', { name: 'a', url: URL });

      expect((await ask<ErrorBody>('POST', '/a', { url: 'https://10.0.0.1/' })).body.error.param).toBe('url');
      expect((await ask('GET', '/a')).body.url).toBe(URL);
    });
  });
}
