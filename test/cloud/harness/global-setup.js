/** Before all test files: the stacks, synthesized once. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function setUp() {
  const dir = mkdtempSync(join(tmpdir(), 'threadkeep-assembly-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  const main = new URL('synthesize-main.ts', import.meta.url).pathname;
  execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', main, dir], { stdio: ['ignore', 'ignore', 'inherit'] });
  process.env.THREADKEEP_TEST_ASSEMBLY = dir;
}
