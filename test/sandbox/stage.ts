/** A sandbox for each file of tests: with little memory and disk, so that filling them takes no time. */
import { afterAll, expect } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../shared/domain/clock.ts';
import { type EmbeddedSandbox, type SandboxSettings, makeSandbox } from '../../shared/embedded/sandbox.ts';
import type { Execution, ExecuteOptions } from '../../shared/ports/sandbox.ts';

export const MB = 1024 * 1024;
/** As small as pandas and matplotlib allow, where a test does not need more. */
export const LIMITS = { memoryBytes: 192 * MB, diskBytes: 48 * MB, files: 1_000, processes: 40, graceMs: 400 };

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'threadkeep-sandbox-test-'));

/** Of a file's own; stopped when the file is through. */
export function useSandbox(settings: Partial<SandboxSettings> = {}): EmbeddedSandbox {
  const folder = newFolder();
  const sandbox = makeSandbox({ clock: systemClock, folder: join(folder, 'sessions'), ...settings, limits: { ...LIMITS, ...settings.limits } });
  afterAll(async () => {
    await sandbox.stop();
    rmSync(folder, { recursive: true });
  });
  return sandbox;
}

/** One execution in a session of its own. */
export async function alone(sandbox: EmbeddedSandbox, code: string, options: ExecuteOptions = {}): Promise<Execution> {
  const session = await sandbox.open();
  try {
    return await sandbox.execute(session, code, { timeoutMs: 20_000, ...options });
  } finally {
    await sandbox.close(session);
  }
}

/** The server is unharmed, and so is a session that was there before. */
export async function expectUnharmed(sandbox: EmbeddedSandbox, before: string): Promise<void> {
  expect((await sandbox.execute(before, 'kept')).logs).toBe("'kept'\n");
  expect((await alone(sandbox, '1 + 1')).logs).toBe('2\n');
}
