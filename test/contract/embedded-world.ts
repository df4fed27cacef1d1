/** The embedded world as the suites want it: a real SQLite file in a folder of its own, on a clock that stands still. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../shared/domain/clock.ts';
import { type EmbeddedWorld, openEmbeddedWorld } from '../../shared/embedded/index.ts';
import type { Log } from '../../shared/ports/log.ts';
import { ManualClock } from '../support/manual-clock.ts';
import type { ContractWorld } from './suites/stage.ts';

export interface EmbeddedStage extends ContractWorld {
  clock: ManualClock;
  embedded: EmbeddedWorld;
  folder: string;
  reopen(): Promise<EmbeddedStage>;
}

export const silent: Log = { info: () => undefined, error: () => undefined };

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'threadkeep-contract-'));

export const openFolder = (folder: string, clock: Clock, log: Log = silent): Promise<EmbeddedWorld> =>
  openEmbeddedWorld({
    dataFolder: folder,
    model: { aliases: new Map() },
    config: { runWindowSeconds: 600, retention: { days: 60 }, mostFileTokens: 5_000_000, mostFilesPerStore: 10_000, contextWindow: () => 128_000 },
    clock,
    log,
  });

export async function makeEmbeddedWorld(folder = newFolder(), clock = new ManualClock()): Promise<EmbeddedStage> {
  const embedded = await openFolder(folder, clock);
  const { store, commit, queue, feed, blobs } = embedded;
  return {
    store,
    commit,
    queue,
    feed,
    blobs,
    clock,
    embedded,
    folder,
    traits: { jobsNeedCommit: true, namesReplace: true, redeliveryMs: 0, tellsRunsTwice: false, feedRetryMs: 5000, feedIsParallel: true },
    pass: (ms) => clock.pass(ms),
    // The feed's consumer sweeps every half minute.
    sweep: () => clock.pass(30_000),
    async reopen() {
      embedded.close();
      return makeEmbeddedWorld(folder, clock);
    },
    async close() {
      embedded.close();
      rmSync(folder, { recursive: true });
    },
  };
}
