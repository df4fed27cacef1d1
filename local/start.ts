import { DataFolderInUseError } from '../shared/embedded/database.ts';
import { LOCAL_KEY, hasLocalKey } from '../shared/embedded/keys.ts';
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

  const stop = () => {
    // A second Ctrl-C does not wait.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
    void running.stop().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}

function explain(error: unknown): string {
  if (error instanceof EnvError) return `The environment is not right:\n${error.message}`;
  if (error instanceof DataFolderInUseError) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return 'The port is in use by another program. Choose one with PORT=…';
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
