import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ESLint, type Linter } from 'eslint';

// A small project on disk, one file per case, linted once by the project's own rules: what a rule says here is what it says there.

type Case = { file: string; source: string; rule: string; says?: string };

const layers = (file: string, source: string, says: string): Case => ({ file, source, rule: 'threadkeep/layers', says });
const run = (body: string) => `export async function run(): Promise<void> {\n  await Promise.resolve();\n  ${body}\n}\n`;

const forbidden: Record<string, Case> = {
  'domain imports ports': layers('shared/domain/up.ts', `export type { Store } from '../ports/store.ts';`, 'shared/domain may not import shared/ports/store.ts.'),
  'domain imports another package': layers('shared/domain/fs.ts', `export { readFileSync } from 'node:fs';`, 'shared/domain may not import node:fs.'),
  'domain names a type of openai': layers('shared/domain/sdk.ts', `export type { OpenAI } from 'openai';`, 'shared/domain may not import openai.'),
  'ports import an adapter': layers('shared/ports/down.ts', `export * from '../embedded/good.ts';`, 'shared/ports may not import shared/embedded/good.ts.'),
  'ports load openai': layers('shared/ports/sdk.ts', `export { OpenAI } from 'openai';`, 'shared/ports may not import openai at run time.'),
  'a loaded import of inline types': layers('shared/ports/inline.ts', `import { type OpenAI } from 'openai';\nexport type Client = OpenAI;`, 'at run time'),
  'actions import the embedded world': layers('shared/actions/down.ts', `export * from '../embedded/good.ts';`, 'shared/actions may not import'),
  'actions import the wire': layers('shared/actions/out.ts', `export * from '../wire/good.ts';`, 'shared/actions may not import'),
  'the engine imports AWS adapters': layers('shared/engine/down.ts', `export * from '../aws/good.ts';`, 'shared/engine may not import'),
  'the engine imports an adapter lazily': layers('shared/engine/lazy.ts', `export const load = () => import('../models/good.ts');`, 'shared/engine may not import'),
  'the engine imports HTTP': layers('shared/engine/out.ts', `export * from '../http/good.ts';`, 'shared/engine may not import'),
  'the engine loads openai': layers('shared/engine/sdk.ts', `export { OpenAI } from 'openai';`, 'openai is imported only in shared/models.'),
  'tools import the engine': layers('shared/tools/up.ts', `export * from '../engine/good.ts';`, 'shared/tools may not import'),
  'the wire imports actions': layers('shared/wire/in.ts', `export * from '../actions/good.ts';`, 'shared/wire may not import'),
  'the wire imports hono': layers('shared/wire/web.ts', `export * from 'hono';`, 'shared/wire may not import hono.'),
  'HTTP imports an adapter': layers('shared/http/down.ts', `export * from '../embedded/good.ts';`, 'shared/http may not import'),
  'an adapter imports actions': layers('shared/aws/up.ts', `export * from '../actions/good.ts';`, 'shared/aws may not import'),
  'one world imports the other': layers('shared/aws/across.ts', `export * from '../embedded/good.ts';`, 'shared/aws may not import'),
  'a Lambda imports the embedded world': layers('functions/api/handler.ts', `export * from '../../shared/embedded/good.ts';`, 'functions may not import'),
  'the server imports AWS adapters': layers('local/main.ts', `export * from '../shared/aws/good.ts';`, 'local may not import'),
  'the AWS SDK outside shared/aws': layers('shared/embedded/sdk.ts', `export * from '@aws-sdk/client-sqs';`, '@aws-sdk is imported only in shared/aws.'),
  'SQLite outside shared/embedded': layers('shared/aws/sql.ts', `export type { DatabaseSync } from 'node:sqlite';`, 'node:sqlite is imported only in shared/embedded.'),
  'LanceDB outside the adapters': layers('shared/tools/index.ts', `export * from '@lancedb/lancedb';`, '@lancedb is imported only in'),
  'the tokenizer outside its file': layers('shared/engine/count.ts', `export const load = () => import('gpt-tokenizer/encoding/o200k_base');`, 'gpt-tokenizer is imported only in'),
  'a folder nobody has placed': layers('shared/misc/any.ts', `export * from '../domain/good.ts';`, 'shared/misc is not in the import table'),
  'an import that cannot be read': layers('shared/engine/computed.ts', `export const load = (name: string): Promise<unknown> => import(name);`, 'computed name'),
  'a cycle': { file: 'shared/domain/one.ts', source: `import { two } from './two.ts';\nexport const one = (): number => two();`, rule: 'import-x/no-cycle' },
  'the other side of a cycle': { file: 'shared/domain/two.ts', source: `export { one as two } from './one.ts';`, rule: 'import-x/no-cycle' },
  'the environment outside env.ts': { file: 'local/settings.ts', source: `export const port = process.env['PORT'];`, rule: 'no-restricted-properties' },
  'the environment by import': { file: 'local/environment.ts', source: `export { env } from 'node:process';`, rule: 'no-restricted-imports' },
  'any': { file: 'shared/domain/any.ts', source: `export const parse = (text: ${'any'}): string => String(text);`, rule: '@typescript-eslint/no-explicit-any' },
  'a floating promise': { file: 'shared/domain/floating.ts', source: run('Promise.resolve();'), rule: '@typescript-eslint/no-floating-promises' },
  'a promise as a condition': { file: 'shared/domain/condition.ts', source: run('if (Promise.resolve(false)) return;'), rule: '@typescript-eslint/no-misused-promises' },
  'a switch that misses a case': {
    file: 'shared/domain/switch.ts',
    source: `export function name(status: 'queued' | 'expired'): string {\n  switch (status) {\n    case 'queued': return 'waits';\n  }\n  return '';\n}`,
    rule: '@typescript-eslint/switch-exhaustiveness-check',
  },
  'a type imported as a value': { file: 'shared/ports/value.ts', source: `import { Id } from '../domain/good.ts';\nexport type Of = Id;`, rule: '@typescript-eslint/consistent-type-imports' },
  'an unused name': { file: 'shared/domain/unused.ts', source: `const left = 1;\nexport {};`, rule: '@typescript-eslint/no-unused-vars' },
  'a suppressed type error': { file: 'shared/domain/suppressed.ts', source: `// @ts-${'expect-error'} because it is long enough\nexport const n: number = '';`, rule: '@typescript-eslint/ban-ts-comment' },
  'a cast through unknown': { file: 'shared/domain/cast.ts', source: `export const n = '1' as ${'unknown as'} number;`, rule: 'no-restricted-syntax', says: 'casting through unknown' },
  'a rule switched off in a file': { file: 'shared/domain/off.ts', source: `// ${'eslint'}-disable-next-line\nexport const parse = (text: ${'any'}): string => String(text);`, rule: '@typescript-eslint/no-explicit-any' },
  'a file of 251 lines': { file: 'shared/domain/long.ts', source: '//\n'.repeat(250) + 'export {};', rule: 'max-lines' },
  'a test file of 251 lines': { file: 'test/unit/long.test.ts', source: '\n'.repeat(250) + 'export {};', rule: 'max-lines' },
  'a focused test': { file: 'test/unit/focused.test.ts', source: `it.${'only'}('', () => {});`, rule: 'no-restricted-syntax', says: 'focused' },
  'a skipped table of tests': { file: 'test/unit/each.test.ts', source: `test.${'skip'}.each([1])('', () => {});`, rule: 'no-restricted-syntax', says: 'focused' },
  'a skipped suite by prefix': { file: 'test/unit/prefix.test.ts', source: `${'x'}describe('', () => {});`, rule: 'no-restricted-syntax', says: 'focused' },
  'a file name in capitals': { file: 'shared/domain/newRun.ts', source: 'export {};', rule: 'no-restricted-syntax', says: 'kebab-case' },
};

const allowed: Record<string, string> = {
  'shared/domain/good.ts': `import { randomBytes } from 'node:crypto';\nexport type Id = string;\nexport const id = (): Id => randomBytes(4).toString('hex');`,
  'shared/ports/good.ts': `import type { OpenAI } from 'openai';\nimport type { Id } from '../domain/good.ts';\nexport type Named = { id: Id; client: OpenAI };`,
  'shared/engine/good.ts': `export * from '../domain/good.ts';\nexport * from '../tools/good.ts';\nexport * from '../actions/good.ts';`,
  'shared/tools/tokens.ts': `export const load = () => import('gpt-tokenizer/encoding/o200k_base');`,
  'shared/models/good.ts': `export { OpenAI } from 'openai';`,
  'shared/embedded/good.ts': `export { DatabaseSync } from 'node:sqlite';`,
  'shared/aws/good.ts': `export * from '@aws-sdk/client-sqs';`,
  'shared/http/threads/good.ts': `export * from 'hono';\nexport * from '../../wire/good.ts';\nexport * from '../../engine/good.ts';`,
  'local/env.ts': `export const port = process.env['PORT'];`,
  'local/good.ts': `export * from '@hono/node-server';\nexport * from '../shared/embedded/good.ts';\nexport * from '../shared/http/threads/good.ts';`,
  'functions/api/good.ts': `export * from '../../shared/aws/good.ts';\nexport * from '../../shared/http/threads/good.ts';`,
  'test/unit/good.test.ts': `export * from '../../shared/embedded/good.ts';\nexport const home = process.env['HOME'];`,
  'shared/domain/full.ts': '//\n'.repeat(249) + 'export {};',
};

const root = realpathSync(mkdtempSync(join(tmpdir(), 'lint-rules-')));
const found = new Map<string, Linter.LintMessage[]>();
const write = (file: string, text: string): void => {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
};

beforeAll(async () => {
  write('tsconfig.json', JSON.stringify({ compilerOptions: { strict: true, target: 'esnext', module: 'nodenext', allowImportingTsExtensions: true, noEmit: true, types: [] } }));
  for (const { file, source } of Object.values(forbidden)) write(file, source);
  for (const [file, source] of Object.entries(allowed)) write(file, source);
  const eslint = new ESLint({ cwd: root, overrideConfigFile: resolve('eslint.config.js') });
  for (const result of await eslint.lintFiles('.')) found.set(relative(root, result.filePath), result.messages);
}, 60_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a file is refused for', () => {
  it.each(Object.entries(forbidden))('%s', (_name, { file, rule, says = '' }) => {
    const texts = (found.get(file) ?? []).filter((message) => message.ruleId === rule && message.severity === 2).map((message) => message.message);

    expect(texts.join('\n')).toMatch(/./);
    expect(texts.join('\n')).toContain(says);
  });
});

describe('a file is accepted', () => {
  // Types of packages and of Node are out of this small project's reach, so what is judged here is everything that needs no types.
  it.each(Object.keys(allowed))('%s', (file) => {
    const complaints = found.get(file)?.filter((message) => !message.ruleId?.startsWith('@typescript-eslint/no-unsafe'));

    expect(complaints).toEqual([]);
  });
});

it('a comment that tries to switch a rule off is itself reported', () => {
  expect(found.get('shared/domain/off.ts')?.some((message) => message.message.includes('noInlineConfig'))).toBe(true);
});
