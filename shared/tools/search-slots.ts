import { orAbort } from '../domain/clock.ts';

/** Searches of indexes at once in this process: one run may ask for a thousand, and each takes memory and threads. */
const MOST = 8;
let taken = 0;
const waiting: (() => void)[] = [];

/** Does `work` as soon as there is a place for it, first come, first served. On abort it rejects and its place is free again: what hangs must not keep it. */
export async function inSlot<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  if (taken < MOST) taken++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    signal?.throwIfAborted();
    return await orAbort(signal, work());
  } finally {
    // A place is handed on rather than given up: nobody who comes now can take it before those who wait.
    const next = waiting.shift();
    if (next) next();
    else taken--;
  }
}
