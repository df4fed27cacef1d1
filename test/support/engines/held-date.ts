/** In an engine's process: `Date` stands where the test puts it. Returns what moves it. */
export function holdDate(startMs: number): (nowMs: number) => void {
  let heldMs = startMs;
  const RealDate = globalThis.Date;
  class HeldDate extends RealDate {
    constructor(...args: [value?: number | string | Date]) {
      super(args[0] ?? heldMs);
    }
    static override now(): number {
      return heldMs;
    }
  }
  globalThis.Date = HeldDate as DateConstructor;
  return (nowMs) => void (heldMs = nowMs);
}
