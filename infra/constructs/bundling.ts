/** How a function's code becomes one file, by the esbuild of this repository's own node_modules: neither Docker nor network. */
import { type BundlingOptions, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export const TARGET = 'node24';

/** The tables that tokens are counted with are larger than all other code together and rarely needed: a file of their own, loaded on demand. */
const TOKENIZER = 'gpt-tokenizer/bpeRanks/o200k_base';
export const TOKENIZER_FILE = 'tokenizer.mjs';

/** Some packages are CommonJS inside and ask for Node's modules as such. */
export const BANNER = "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";
const ESBUILD = `npx --no-install esbuild --bundle --minify --format=esm --platform=node --target=${TARGET} --log-level=error`;

const bare: BundlingOptions = {
  format: OutputFormat.ESM,
  target: TARGET,
  minify: true,
  mainFields: ['module', 'main'],
  // What runs is what was tested, not what the runtime happens to carry; and it starts faster.
  bundleAwsSDK: true,
  banner: BANNER,
  sourceMap: true,
  sourcesContent: false,
  externalModules: [`./${TOKENIZER_FILE}`],
  esbuildArgs: { [`--alias:${TOKENIZER}`]: `./${TOKENIZER_FILE}`, '--log-level': 'error' },
};

/** LanceDB's engine, for the processor that its functions run on; its JavaScript is bundled as everything else is. */
export const ENGINE = '@lancedb/lancedb-linux-x64-gnu';
const ENGINES = '@lancedb/lancedb-*';

export interface Beside {
  /** The function may have to count tokens. */
  tokenizer?: boolean | undefined;
  /** The function has the search index. */
  lance?: boolean | undefined;
  /** The main modules of child processes of the function, by the names of the files that they become. */
  children?: Record<string, string> | undefined;
}

/** What the function's folder holds beside its one file. */
export function bundling({ tokenizer = false, lance = false, children = {} }: Beside): BundlingOptions {
  const commands = (inputDir: string, outputDir: string): string[] => [
    ...(tokenizer ? [`${ESBUILD} ${TOKENIZER} "--outfile=${outputDir}/${TOKENIZER_FILE}"`] : []),
    ...Object.entries(children).map(([file, main]) => `${ESBUILD} "${inputDir}/${main}" --main-fields=module,main "--banner:js=${BANNER}" "--outfile=${outputDir}/${file}"`),
    ...(lance ? [copyEngine(inputDir, outputDir)] : []),
  ];
  return {
    ...bare,
    externalModules: [...(bare.externalModules ?? []), ...(lance ? [ENGINES] : [])],
    commandHooks: { beforeBundling: () => [], beforeInstall: () => [], afterBundling: commands },
  };
}

/** By hard links where that is possible: it is 160 MB. npm installs it on Linux on x64 by itself, and elsewhere only when told to. */
function copyEngine(inputDir: string, outputDir: string): string {
  const [from, to] = [`${inputDir}/node_modules/${ENGINE}`, `${outputDir}/node_modules/@lancedb`];
  const { version } = JSON.parse(readFileSync(join(ROOT, 'node_modules/@lancedb/lancedb/package.json'), 'utf8')) as { version: string };
  const missing = `${ENGINE} is not installed. For a deployment from this machine: npm install --no-save --force ${ENGINE}@${version}`;
  return `if [ ! -d "${from}" ]; then echo "${missing}" >&2; exit 1; fi; mkdir -p "${to}" && { cp -rl "${from}" "${to}/" 2>/dev/null || cp -r "${from}" "${to}/"; }`;
}
