import { DataFolderInUseError } from '../shared/embedded/database.ts';
import { LOCAL_KEY, hasLocalKey } from '../shared/embedded/keys.ts';
import type { EmbeddedSandbox } from '../shared/embedded/sandbox.ts';
import { SandboxUnavailableError } from '../shared/ports/sandbox.ts';
import { EnvError, isLoopback, readEnv } from './env.ts';
import { serve } from './serve.ts';

try {
  const env = readEnv();
  const running = await serve(env);
  const hasModel = env.MODEL_BASE_URL !== undefined || env.MODEL_API_KEY !== undefined;
  const localKey = await hasLocalKey(running.world);
  console.log(`ready ${running.baseUrl}`);
  console.log(`  key    ${localKey ? LOCAL_KEY : 'see `npm run keys -- list`'}`);
  console.log(`  data   ${env.DATA_DIR}`);
  console.log(`  model  ${hasModel ? (env.MODEL_BASE_URL ?? 'https://api.openai.com/v1') : 'built-in demo model; set MODEL_BASE_URL and MODEL_API_KEY for a real one'}`);
  if (localKey && !isLoopback(env.HOST)) {
    console.warn(`  WARNING: ${LOCAL_KEY} is a key that everybody knows, and ${env.HOST} is open to other machines. Make a key of your own and revoke this one: npm run keys -- create; npm run keys -- revoke ${LOCAL_KEY}`);
  }
  if (env.CODE_INTERPRETER_WITHOUT_ISOLATION !== undefined) {
    console.warn('  WARNING: code_interpreter runs WITHOUT ISOLATION: code that a model writes may read, change and send whatever the user of this server can. Unset CODE_INTERPRETER_WITHOUT_ISOLATION unless every prompt is your own.');
  }
  void tellWithoutCode(running.world.sandbox);

  const stop = () => {
    // A second Ctrl-C does not wait.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
    const left = (error: unknown) => {
      console.error(explain(error));
      process.exit(1);
    };
    void running.stop().then(() => process.exit(0), left);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}

/** Beside the first requests: nobody waits for it. What passes by itself is said to whoever asks for code meanwhile. */
async function tellWithoutCode(sandbox: EmbeddedSandbox): Promise<void> {
  try {
    await sandbox.check();
  } catch (error) {
    if (error instanceof SandboxUnavailableError && error.mayPass) return;
    console.log(`  code   runs with code_interpreter are refused: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function explain(error: unknown): string {
  if (error instanceof EnvError) return `The environment is not right:\n${error.message}`;
  if (error instanceof DataFolderInUseError) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return 'The port is in use by another program. Choose one with PORT=…';
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
