import { expect, test } from '@jest/globals';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wipe } from '../../shared/embedded/sandbox/wipe.ts';
import { newFolder } from './stage.ts';

const NOBODY = 65_534;

/** Root is kept out of nothing. */
function asUser(act: () => void): void {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    act();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

test('what code has closed to everybody is wiped all the same, and what it links to stays', () => {
  const parent = newFolder();
  const [folder, other] = [join(parent, 'session'), join(parent, 'other')];
  if (process.geteuid?.() === 0) chownSync(parent, NOBODY, NOBODY);
  asUser(() => {
    for (const made of [folder, join(folder, 'closed'), join(folder, 'closed', 'in'), other]) mkdirSync(made);
    writeFileSync(join(folder, 'closed', 'in', 'a.txt'), 'a');
    writeFileSync(join(other, 'kept.txt'), 'kept');
    symlinkSync(other, join(folder, 'link'));
    chmodSync(join(folder, 'closed', 'in'), 0);
    chmodSync(join(folder, 'closed'), 0);
    wipe(folder);
    wipe(folder);
  });
  expect(existsSync(folder)).toBe(false);
  expect(readFileSync(join(other, 'kept.txt'), 'utf8')).toBe('kept');
  rmSync(parent, { recursive: true });
});
