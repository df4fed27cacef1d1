/** How a function's code becomes one file, by the esbuild of this repository's own node_modules: neither Docker nor network. */
import { type BundlingOptions, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const TARGET = 'node24';

/** The tables that tokens are counted with are larger than all other code together and rarely needed: a file of their own, loaded on demand. */
const TOKENIZER = 'gpt-tokenizer/encoding/o200k_base';
export const TOKENIZER_FILE = 'tokenizer.mjs';

const bare: BundlingOptions = {
  format: OutputFormat.ESM,
  target: TARGET,
  minify: true,
  mainFields: ['module', 'main'],
  // What runs is what was tested, not what the runtime happens to carry; and it starts faster.
  bundleAwsSDK: true,
  // Some packages are CommonJS inside and ask for Node's modules as such.
  banner: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  sourceMap: true,
  sourcesContent: false,
  externalModules: [`./${TOKENIZER_FILE}`],
  esbuildArgs: { [`--alias:${TOKENIZER}`]: `./${TOKENIZER_FILE}`, '--log-level': 'error' },
};

const withTokenizer: BundlingOptions = {
  ...bare,
  commandHooks: {
    beforeBundling: () => [],
    beforeInstall: () => [],
    afterBundling: (_inputDir, outputDir) => [
      `npx --no-install esbuild ${TOKENIZER} --bundle --minify --format=esm --platform=node --target=${TARGET} --log-level=error "--outfile=${outputDir}/${TOKENIZER_FILE}"`,
    ],
  },
};

/** `tokenizer`: the function drives runs, so it may have to count. */
export const bundling = ({ tokenizer }: { tokenizer: boolean }): BundlingOptions => (tokenizer ? withTokenizer : bare);
