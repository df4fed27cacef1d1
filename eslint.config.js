import { dirname, relative, resolve, sep } from 'node:path';
import { defineConfig } from 'eslint/config';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

// ---- Who may import whom: the arrows of docs/architecture.md ----

const facts = ['shared/domain', 'shared/ports'];
const core = [...facts, 'shared/histories', 'shared/actions', 'shared/engine', 'shared/tools'];
const contract = [...facts, 'shared/wire'];
const front = [...core, 'shared/wire', 'shared/http', 'shared/models'];

// `folders` is everything of this repository that a layer may import. `packages`, where given, is every package that it may import
// (`type x` means only with `import type`); where absent, any package may be imported that has no home below.
// A new folder in shared/ must be entered here before it can be used.
const layers = {
  'shared/domain': { folders: ['shared/domain'], packages: ['zod', 'node:crypto'] },
  'shared/ports': { folders: facts, packages: ['zod', 'type openai'] },
  'shared/tools': { folders: [...facts, 'shared/tools'] },
  'shared/actions': { folders: core },
  'shared/engine': { folders: core },
  'shared/wire': { folders: contract, packages: ['zod', 'type openai'] },
  'shared/http': { folders: [...core, 'shared/wire', 'shared/http'], packages: ['hono', 'zod', 'node:crypto', 'node:stream', '@fastify/busboy', 'type openai'] },
  // Records as lines of a file and back: a line has the wire's shapes, and neither actions nor engine write those themselves.
  'shared/histories': { folders: [...contract, 'shared/histories'], packages: ['zod', 'node:util'] },
  'shared/models': { folders: [...facts, 'shared/models'] },
  'shared/outbound': { folders: [...facts, 'shared/outbound'] },
  // Documents that strangers have made, read in processes of their own.
  'shared/documents': { folders: [...facts, 'shared/documents'] },
  // The search index on LanceDB, wherever its files are.
  'shared/search': { folders: [...facts, 'shared/search'] },
  // What the sandboxes of both worlds have in common.
  'shared/sandbox': { folders: [...facts, 'shared/sandbox'] },
  'shared/embedded': { folders: [...facts, 'shared/models', 'shared/outbound', 'shared/documents', 'shared/search', 'shared/sandbox', 'shared/embedded'] },
  'shared/aws': { folders: [...facts, 'shared/models', 'shared/outbound', 'shared/documents', 'shared/search', 'shared/sandbox', 'shared/aws'] },
  local: { folders: [...front, 'shared/embedded', 'local'] },
  functions: { folders: [...front, 'shared/aws', 'functions'] },
  infra: { folders: [...facts, 'shared/aws', 'functions', 'infra'] },
};

// The outside world is known in one place each, so that replacing it means replacing that place.
// (The openai package's types are the wire's own vocabulary: `import type` may name them anywhere a layer allows it.)
const homes = {
  openai: ['shared/models'],
  'gpt-tokenizer': ['shared/tools/tokens.ts'],
  'ipaddr.js': ['shared/outbound'],
  standardwebhooks: ['shared/actions'],
  'node:sqlite': ['shared/embedded'],
  '@aws-sdk': ['shared/aws'],
  '@lancedb': ['shared/search'],
  'apache-arrow': ['shared/search'],
  '@fastify/busboy': ['shared/http/multipart.ts'],
  unpdf: ['shared/documents'],
  mammoth: ['shared/documents'],
  'word-extractor': ['shared/documents'],
  parse5: ['shared/documents'],
  yauzl: ['shared/documents'],
  'node:child_process': ['shared/documents', 'shared/embedded/sandbox', 'local'],
  '@middy': ['functions'],
  '@aws-lambda-powertools': ['functions'],
  'aws-cdk-lib': ['infra'],
  constructs: ['infra'],
  'cdk-nag': ['infra'],
  hono: ['shared/http', 'local', 'functions'],
  '@hono': ['local', 'functions'],
};

const isWithin = (name, places) => places.some((place) => name === place || name.startsWith(`${place}/`));
const whatIsWrong = (root, file, specifier, typeOnly) => {
  const here = relative(root, file).replaceAll(sep, '/');
  const name = Object.keys(layers).find((layer) => isWithin(here, [layer]));
  if (name === undefined) return `${dirname(here)} is not in the import table of eslint.config.js.`;
  if (specifier === undefined) return 'An import() of a computed name escapes the import rules.';
  const { folders, packages } = layers[name];
  if (specifier.startsWith('.')) {
    const target = relative(root, resolve(dirname(file), specifier)).replaceAll(sep, '/');
    return isWithin(target, folders) ? undefined : `${name} may not import ${target}.`;
  }
  if (packages && !isWithin(specifier, packages) && !(typeOnly && isWithin(`type ${specifier}`, packages)))
    return `${name} may not import ${specifier}${isWithin(`type ${specifier}`, packages) ? ' at run time' : ''}.`;
  const owner = Object.keys(homes).find((owned) => isWithin(specifier, [owned]));
  if (owner === undefined || isWithin(here, homes[owner]) || (owner === 'openai' && typeOnly)) return undefined;
  return `${owner} is imported only in ${homes[owner].join(', ')}.`;
};

// One rule instead of no-restricted-imports and import-x/no-restricted-paths: the first does not see import(), the second does not know
// `import type`, and with flat config each folder's options would replace the others' instead of adding to them.
const layersRule = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const check = (node, source, kind) => {
      const message = whatIsWrong(context.cwd, context.filename, source?.value, kind === 'type');
      if (message) context.report({ node, message });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source, node.importKind),
      ExportNamedDeclaration: (node) => node.source && check(node, node.source, node.exportKind),
      ExportAllDeclaration: (node) => check(node, node.source, node.exportKind),
      ImportExpression: (node) => check(node, node.source, 'value'),
      TSImportType: (node) => check(node, node.source, 'type'),
    };
  },
};

// ---- What no file may contain ----

const banned = [
  // A focused test hides the others, a skipped one hides itself.
  ['MemberExpression[object.name=/^(it|test|describe)$/][property.name=/^(only|skip|todo|failing)$/]', 'No focused, skipped or empty tests.'],
  ['MemberExpression[object.property.name="concurrent"][property.name=/^(only|skip|failing)$/]', 'No focused, skipped or empty tests.'],
  ['CallExpression[callee.name=/^(fit|xit|xtest|fdescribe|xdescribe)$/]', 'No focused, skipped or empty tests.'],
  // The name `z` stands for all of zod, every language of its messages included: a bundle cannot leave out what is not used.
  ['ImportDeclaration[source.value="zod"] > ImportSpecifier', "import * as z from 'zod'."],
  // The double cast throws the types away as surely as `any`.
  ['TSAsExpression > TSAsExpression[typeAnnotation.type="TSUnknownKeyword"]', 'Parse or narrow instead of casting through unknown.'],
];

export default defineConfig(
  { ignores: ['cdk.out/', 'coverage/', '.data/'] },

  // Rules hold everywhere: a comment in a file cannot switch one off. (`npm run lint` fails on the warning that such a comment raises.)
  { linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },

  // Types are kept honest by the type checker's own view of every file.
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // A promise that nobody awaits is work that a Lambda freezes half-way and an error that nobody sees.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      // A new run status must break every switch that does not know it; a written `default` is an answer too.
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { requireDefaultForNonUnion: true, considerDefaultExhaustiveForUnions: true }],
      // Node strips types file by file: what is only a type must say so, or it is loaded (or missing) at run time.
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // The adapters over synchronous SQLite are async because the port is, not because they wait.
      '@typescript-eslint/require-await': 'off',
    },
  },

  // Files stay short enough to be read at once, and tests mean what they say.
  {
    files: ['**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 250, skipBlankLines: false, skipComments: false }],
      'no-restricted-syntax': ['error', ...banned.map(([selector, message]) => ({ selector, message }))],
    },
  },

  // A suppressed type error is a tool of tests alone: there it shows what the types refuse.
  { files: ['{shared,functions,local,infra}/**/*.ts'], rules: { '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': true }] } },

  // Cycles make the load order matter, so there are none; layers point one way.
  {
    files: ['**/*.ts'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/extensions': ['.ts'],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js'] })],
    },
    rules: { 'import-x/no-cycle': ['error', { ignoreExternal: true }] },
  },
  {
    files: ['{shared,functions,local,infra}/**/*.ts'],
    plugins: { threadkeep: { rules: { layers: layersRule } } },
    rules: { 'threadkeep/layers': 'error' },
  },

  // The environment is read once, by a schema, in a file that says so; everything else is handed its settings.
  {
    files: ['**/*.ts'],
    ignores: ['**/env.ts', 'test/**', 'bench/**'],
    rules: {
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: 'Only env.ts reads the environment.' }],
      'no-restricted-imports': ['error', ...['process', 'node:process'].map((name) => ({ name, importNames: ['env'], message: 'Only env.ts reads the environment.' }))],
    },
  },

  // File names are kebab-case: no two of them differ only by case, and none has to be guessed.
  {
    files: ['**/*[A-Z_]*.ts', '**/*[A-Z_]*/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', { selector: 'Program', message: 'File and folder names are kebab-case.' }] },
  },
);
