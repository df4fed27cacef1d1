/** The receivers that a page gives people to copy, as they stand there. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { ROOT } from './spoken.ts';

/** The language's name, the program and its arguments. */
export function receiversIn(page: string): [string, string, string[]][] {
  const whole = readFileSync(join(ROOT, page), 'utf8');
  const codeIn = (language: string): string => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(whole)?.[1] ?? '';
  const receivers: [string, string, string[]][] = [['Node', process.execPath, ['--input-type=module', '--eval', codeIn('js')]]];
  // A bare machine has none.
  if (spawnSync('python3', ['--version']).status === 0) receivers.push(['Python', 'python3', ['-c', codeIn('python')]]);
  return receivers;
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
