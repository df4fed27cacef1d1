/** The only source of time. Injected everywhere, so that tests can move sixty days in a moment. */
export interface Clock {
  /** Unix time in milliseconds. */
  nowMs(): number;
  /** Calls `fn` once, `delayMs` from now, unless the returned function is called first. Never keeps the process alive. */
  after(delayMs: number, fn: () => void): () => void;
}

/** setTimeout fires at once when asked for more than this many milliseconds (2^31 - 1). */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, fn) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number) => {
      const stepMs = Math.min(Math.max(leftMs, 0), LONGEST_TIMEOUT_MS);
      timer = setTimeout(() => (leftMs > stepMs ? wait(leftMs - stepMs) : fn()), stepMs).unref();
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const onAbort = () => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Gives `work` a signal that aborts with what `late` makes after `ms`, or as soon as `signal` does, with its reason. */
export async function within<T>(clock: Clock, { ms, late, signal }: { ms: number; late: () => Error; signal?: AbortSignal | undefined }, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  const over = new AbortController();
  const leave = () => over.abort(signal?.reason);
  const cancel = clock.after(ms, () => over.abort(late()));
  signal?.addEventListener('abort', leave);
  try {
    return await work(over.signal);
  } finally {
    signal?.removeEventListener('abort', leave);
    cancel();
  }
}

/** What `work` comes to, or the signal's reason as soon as it aborts: then the work goes on unheeded. */
export async function orAbort<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = () => reject(signal.reason as Error);
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave);
  try {
    return await Promise.race([promise, work]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

export const toSeconds = (ms: number): number => Math.floor(ms / 1000);
