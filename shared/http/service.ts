import type { RunSignals } from '../engine/run-signals.ts';
import type { World } from '../ports/world.ts';

/** What every endpoint works with. */
export interface Service {
  world: World;
  signals: RunSignals;
  /** Largest request body, in bytes. */
  maxBodyBytes: number;
  /** Largest file, or part of one, in a request, where that is less than the contract allows, in bytes. */
  maxUploadBytes?: number | undefined;
  /** Browser origins that may call: '*', 'local' for pages of this machine, or origins by name; empty for none. */
  corsOrigins: readonly string[];
  /** Names that the Host header may give; undefined for any. */
  allowedHosts?: readonly string[] | undefined;
  /** Told of work that goes on when its response has ended, by a front that is stopped then and has to wait for it. */
  background?: (work: Promise<void>) => void;
}
