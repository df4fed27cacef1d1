/** npm run keys -- create|list|revoke. Works beside a running server: both write the same file. */
import { parseArgs } from 'node:util';
import { DEFAULT_PROJECT, PROJECT_NAME } from '../shared/domain/api-key.ts';
import { systemClock } from '../shared/domain/clock.ts';
import { openKeyRing } from '../shared/embedded/index.ts';
import { createKey, listKeys, revokeKey } from '../shared/actions/keys.ts';
import { EnvError, readEnv } from './env.ts';

const USAGE = `npm run keys -- create [--project NAME] [--name NAME]   a new key; shown this once
npm run keys -- list                                    all keys, without their secrets
npm run keys -- revoke KEY|ID                           a key, or the beginning of its id in the list`;

/** Says what it did on standard output and returns the exit code. */
async function main(args: string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { project: { type: 'string', default: DEFAULT_PROJECT }, name: { type: 'string', default: '' } },
  });
  const [command, which] = positionals;
  const expected = { create: 1, list: 1, revoke: 2 }[command ?? ''];
  if (positionals.length !== expected) {
    console.error(USAGE);
    return 1;
  }
  if (!PROJECT_NAME.test(values.project)) {
    console.error('A project name is 1 to 64 letters, digits, _ and -.');
    return 1;
  }
  const ring = await openKeyRing(readEnv().DATA_DIR, systemClock);
  try {
    switch (command) {
      case 'create': {
        const { key, record } = await createKey(ring, values.project, values.name);
        console.log(`${key}\n  project ${record.projectId}; this is the only time that the key is shown`);
        return 0;
      }
      case 'list':
        for (const key of await listKeys(ring)) {
          console.log([key.id.slice(0, 12), key.hint, key.projectId, new Date(key.createdAtMs).toISOString(), key.name].join('  ').trimEnd());
        }
        return 0;
      default: {
        const revoked = await revokeKey(ring, which ?? '');
        console[revoked ? 'log' : 'error'](revoked ? 'revoked' : 'no key, or more than one, is meant by that');
        return revoked ? 0 : 1;
      }
    }
  } finally {
    ring.close();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error;
  console.error(isUsage ? `${error.message}\n${USAGE}` : error instanceof EnvError ? error.message : error);
  process.exitCode = 1;
}
