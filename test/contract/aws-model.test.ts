/** Models of the AWS world, which are any endpoint with its key in Secrets Manager, and Bedrock with the function's own role. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { makeModel, type ModelSettings } from '../../shared/aws/model.ts';
import { type Model, ModelError } from '../../shared/ports/model.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { ScriptedModel, text } from '../support/scripted-model.ts';
import { describeModel } from './suites/model.ts';
import { describeEmbeddings } from './suites/model-embeddings.ts';
import { collect, never, REQUEST, textOf } from './suites/model-reading.ts';
import { failureOf } from './suites/stage.ts';

/** Secrets Manager's one action, over HTTP. */
class Secrets {
  value: string | undefined;
  asked = 0;
  readonly #server: Server;
  readonly client: SecretsManagerClient;

  private constructor(server: Server, endpoint: string) {
    this.#server = server;
    this.client = new SecretsManagerClient({ endpoint, region: 'us-east-1', maxAttempts: 1, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
  }

  static async start(): Promise<Secrets> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const secrets = new Secrets(server, `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`);
    server.on('request', (request, response) => {
      void buffer(request).then((body) => {
        secrets.asked++;
        const { SecretId } = JSON.parse(body.toString()) as { SecretId: string };
        const isThere = secrets.value !== undefined && SecretId === 'model-key';
        const answer = isThere ? { SecretString: secrets.value } : { __type: 'ResourceNotFoundException', message: 'no such secret' };
        response.writeHead(isThere ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
      });
    });
    return secrets;
  }

  async close(): Promise<void> {
    this.client.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

let secrets: Secrets;
let clock: ManualClock;
beforeAll(async () => void (secrets = await Secrets.start()));
afterAll(() => secrets.close());
beforeEach(() => {
  clock = new ManualClock();
  secrets.value = 'sk-upstream';
  secrets.asked = 0;
});
const made = (settings: ModelSettings): Model => makeModel(settings, { secrets: secrets.client, clock });

describeModel('an endpoint with its key in Secrets Manager', ({ apiKey, ...upstream }) => {
  secrets.value = apiKey;
  return made({ ...upstream, provider: 'openai', secretId: 'model-key' });
});

describeEmbeddings('an endpoint with its key in Secrets Manager', ({ apiKey, ...upstream }) => {
  secrets.value = apiKey;
  return made({ ...upstream, provider: 'openai', secretId: 'model-key' });
});

describe('the key in Secrets Manager', () => {
  let upstream: ScriptedModel;
  let model: Model;
  beforeEach(async () => {
    upstream = await ScriptedModel.start();
    upstream.always(text('ok'));
    model = made({ provider: 'openai', baseUrl: upstream.baseUrl, secretId: 'model-key', aliases: new Map() });
  });
  afterEach(() => upstream.close());
  const ask = () => collect(model.stream(REQUEST, never()));
  const keysSent = () => upstream.requests.map(({ headers }) => headers.authorization);

  it('is read when it is first needed, and once for many calls', async () => {
    expect(secrets.asked).toBe(0);
    await Promise.all(Array.from({ length: 20 }, ask));
    await ask();
    expect([secrets.asked, new Set(keysSent())]).toEqual([1, new Set(['Bearer sk-upstream'])]);
  });

  it('is read again after a while, so that a new one comes to be used', async () => {
    await ask();
    secrets.value = ' sk-new\n';
    await ask();
    clock.advance(300_000);
    await ask();
    expect(keysSent()).toEqual(['Bearer sk-upstream', 'Bearer sk-upstream', 'Bearer sk-new']);
  });

  it.each([undefined, '', ' \n'])('that cannot be read fails the call as something that may pass, and is asked for again: %j', async (value) => {
    secrets.value = value;
    for (const attempt of [1, 2]) {
      const error = await failureOf(ask());
      expect(error).toBeInstanceOf(ModelError);
      expect(error).toMatchObject({ kind: 'unavailable' });
      expect(secrets.asked).toBe(attempt);
    }
    expect(await failureOf(model.list())).toMatchObject({ kind: 'unavailable' });
    secrets.value = 'sk-upstream';
    expect(textOf(...(await ask()))).toBe('ok');
  });

  it('is not waited for by who has left', async () => {
    const reason = new Error('left');
    expect(await failureOf(collect(model.stream(REQUEST, AbortSignal.abort(reason))))).toBe(reason);
    expect(upstream.requests).toEqual([]);
  });

  it('is not asked for where there is none', async () => {
    model = made({ provider: 'openai', baseUrl: upstream.baseUrl, aliases: new Map() });
    await ask();
    expect([secrets.asked, keysSent()]).toEqual([0, ['Bearer none']]);
  });
});

describe('Bedrock', () => {
  let upstream: ScriptedModel;
  const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];
  let before: [string, string | undefined][];
  beforeEach(async () => {
    upstream = await ScriptedModel.start();
    before = names.map((name) => [name, process.env[name]]);
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDROLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'session' });
  });
  afterEach(async () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await upstream.close();
  });

  it('is asked in requests that are signed with the role, under the name that serves an old one', async () => {
    upstream.script(text('from Bedrock'));
    const model = made({ provider: 'bedrock', region: 'eu-west-1', baseUrl: upstream.baseUrl, aliases: new Map([[REQUEST.model, 'openai.gpt-oss-120b-1:0']]) });
    expect(textOf(...(await collect(model.stream(REQUEST, never()))))).toBe('from Bedrock');
    const [request] = upstream.requests;
    expect(request?.body.model).toBe('openai.gpt-oss-120b-1:0');
    expect(request?.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDROLE\/\d{8}\/eu-west-1\/bedrock\/aws4_request, /);
    expect(request?.headers['x-amz-security-token']).toBe('session');
  });
});

it('the demo model answers where no other is chosen', async () => {
  expect(textOf(...(await collect(made({ provider: 'demo' }).stream(REQUEST, never()))))).toContain('demo');
});
