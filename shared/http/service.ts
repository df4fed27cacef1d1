import type { RunSignals } from '../engine/run-signals.ts';
import type { World } from '../ports/world.ts';

/** What every endpoint works with. */
export interface Service {
  world: World;
  signals: RunSignals;
  /** Largest request body, in bytes. */
  maxBodyBytes: number;
  /** Browser origins that may call: '*', a list, or nobody. */
  corsOrigins: readonly string[];
}
