/** The code that would be uploaded: how large it is, and that it runs by itself. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import vocabulary from 'gpt-tokenizer/bpeRanks/o200k_base';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ENGINE } from '../../infra/constructs/bundling.ts';
import { stages } from '../../infra/stages.ts';
import { asText, resources, synthesize } from './synthesized.ts';

const CALLER = fileURLToPath(new URL('bundle-caller.ts', import.meta.url));
const NODE = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));
const run = promisify(execFile);

/** A call of esbuild for each function, through npx. */
const BUNDLING_MS = 300_000;
const A_CALL_MS = 60_000;

interface Bundle {
  folder: string;
  variables: Record<string, string>;
}

const outdir = mkdtempSync(join(tmpdir(), 'threadkeep-bundles-'));
const bundles = new Map<string, Bundle>();

beforeAll(() => {
  const { service } = synthesize(stages.prod, { bundle: true, outdir });
  for (const [id, { Properties }] of resources(service, 'AWS::Lambda::Function')) {
    const { S3Key } = Properties['Code'] as { S3Key: string };
    const { Variables } = Properties['Environment'] as { Variables: Record<string, unknown> };
    const variables = Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, asText(value).replace(/^<(\w*Queue\w+)>$/, 'https://sqs.invalid/1/$1')]));
    bundles.set(id.replace(/Fn[0-9A-F]{8}$/, ''), { folder: join(outdir, `asset.${S3Key.replace('.zip', '')}`), variables });
  }
}, BUNDLING_MS);

afterAll(() => rmSync(outdir, { recursive: true, force: true }));

const bundle = (name: string): Bundle => bundles.get(name) ?? { folder: `no bundle of ${name}`, variables: {} };

/** What a bundle answers to an event, in an environment that holds what its stack gives it and nothing else. */
async function call(name: string, event: object, more: Record<string, string> = {}): Promise<unknown> {
  const { folder, variables } = bundle(name);
  const { stdout } = await run(NODE, ['--disable-warning=ExperimentalWarning', CALLER, join(folder, 'index.mjs'), JSON.stringify(event)], {
    env: { ...variables, ...more, AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

it('the api function starts from less than 1.8 MB', () => {
  expect(statSync(join(bundle('Api').folder, 'index.mjs')).size).toBeLessThan(1_800_000);
});

it('so does every other, but for those that have the index', () => {
  expect([...bundles.keys()].sort()).toEqual(['Api', 'DeadLetters', 'EventTeller', 'FileIndexer', 'FileSearch', 'Keys', 'RunTimer', 'RunWorker', 'ThreadReaper', 'WebhookSender']);
  for (const [name, { folder }] of bundles) expect(statSync(join(folder, 'index.mjs')).size).toBeLessThan(/^File/.test(name) ? 2_300_000 : 1_800_000);
});

it('only functions that count tokens carry the tables for it, and only the two for files an engine and a parser', () => {
  for (const [name, { folder }] of bundles) {
    const counts = ['Api', 'FileIndexer', 'RunWorker'].includes(name);
    const [parses, searches] = [name === 'FileIndexer', /^File/.test(name)];
    expect(readdirSync(folder).sort()).toEqual([...(parses ? ['documents-child.mjs'] : []), 'index.mjs', 'index.mjs.map', ...(searches ? ['node_modules'] : []), ...(counts ? ['tokenizer.mjs'] : [])]);
  }
});

it('the tables are the package’s', async () => {
  const bundled = (await import(pathToFileURL(join(bundle('Api').folder, 'tokenizer.mjs')).href)) as { default: typeof vocabulary };
  expect(bundled.default).toEqual(vocabulary);
});

it('what has LanceDB beside it still fits into a function', () => {
  const sizeOf = (folder: string): number => readdirSync(folder, { withFileTypes: true, recursive: true }).reduce((sum, entry) => sum + (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0), 0);
  for (const name of ['FileIndexer', 'FileSearch']) {
    const { folder } = bundle(name);
    expect(readdirSync(join(folder, 'node_modules/@lancedb'))).toEqual([ENGINE.split('/')[1]]);
    // Lambda takes 250 MB, unzipped.
    expect(sizeOf(folder)).toBeLessThan(200_000_000);
  }
});

describe('by itself', () => {
  const request = (path: string) => ({ httpMethod: 'GET', path, multiValueHeaders: {}, multiValueQueryStringParameters: null, body: null, isBase64Encoded: false, requestContext: {} });

  it('the api function answers', async () => {
    expect(await call('Api', request('/healthz'))).toMatchObject({ metadata: { statusCode: 200, headers: { 'content-type': 'application/json' } }, body: '{"status":"ok"}' });
    expect(await call('Api', request('/v1/threads'))).toMatchObject({ metadata: { statusCode: 401 }, body: expect.stringContaining('API key') as unknown });
  }, A_CALL_MS);

  it.each(['RunWorker', 'FileIndexer', 'DeadLetters', 'ThreadReaper', 'EventTeller', 'WebhookSender'])('%s takes an empty batch', async (name) => {
    expect(await call(name, { Records: [] })).toEqual({ result: { batchItemFailures: [] } });
  }, A_CALL_MS);

  it('the timer refuses what is no timer, and says no more about it than where it happened', async () => {
    const failure = (await call('RunTimer', { dueAt: 'a secret' }).catch((error: unknown) => error)) as { stdout: string; stderr: string };
    expect(failure.stderr).toContain('"message":"invocation_failed"');
    expect(failure.stderr).toMatch(/InvocationError]?: ZodError: see the log line before/);
    expect(failure.stdout + failure.stderr).not.toContain('secret');
  }, A_CALL_MS);

  it('the search finds its engine, which looks for the bucket', async () => {
    const question = { do: 'search', place: { projectId: 'p', vectorStoreId: 'vs_1' }, query: { text: 'x', limit: 1 } };
    const failure = (await call('FileSearch', question, { AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_ALLOW_HTTP: 'true' }).catch((error: unknown) => error)) as { stderr: string };
    // Nobody is there: had it no engine, it would say so.
    expect(failure.stderr).toContain('"message":"invocation_failed"');
    expect(failure.stderr).not.toMatch(/NoLibraryError|Cannot find/);
  }, A_CALL_MS);

  it('the operator is told what orders there are', async () => {
    expect(await call('Keys', { do: 'delete' })).toEqual({ result: { error: expect.stringContaining('do') as unknown } });
  }, A_CALL_MS);
});
