/** An embedded world for each test of a file: on a folder of its own, with a clock that stands still. */
import { afterEach, beforeEach } from '@jest/globals';
import { rmSync } from 'node:fs';
import type { EmbeddedWorld } from '../../shared/embedded/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { newFolder, openFolder } from './embedded-world.ts';

export interface Embedded {
  readonly world: EmbeddedWorld;
  readonly clock: ManualClock;
  /** To be stopped before the world is closed. */
  stopLater(stop: () => void): void;
  /** Closes the world as it is, with what it was doing, and opens its folder anew. */
  reopen(): Promise<void>;
}

export function useEmbedded(): Embedded {
  let folder: string;
  let clock: ManualClock;
  let world: EmbeddedWorld;
  const stops: (() => void)[] = [];
  beforeEach(async () => {
    folder = newFolder();
    clock = new ManualClock();
    world = await openFolder(folder, clock);
  });
  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
    world.close();
    rmSync(folder, { recursive: true });
  });
  return {
    get world() {
      return world;
    },
    get clock() {
      return clock;
    },
    stopLater: (stop) => void stops.push(stop),
    async reopen() {
      world.close();
      world = await openFolder(folder, clock);
    },
  };
}
