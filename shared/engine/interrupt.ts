/** Why a driver must drop what it is doing. Used as the reason of its AbortSignal. */
export class Interrupt extends Error {
  readonly why: 'cancelled' | 'expired' | 'lost' | 'given back';
  /** `lost`: the run is no longer this driver's, so it must not write to it. `given back`: the driver's time is up, but not the run's. */
  constructor(why: Interrupt['why']) {
    super(`the run is ${why}`);
    this.name = 'Interrupt';
    this.why = why;
  }
}
