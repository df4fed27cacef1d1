/** The child's second thread: it goes on while the first one is lost in a document. */
import { Socket } from 'node:net';
import { parentPort } from 'node:worker_threads';
import { type Limits, megabytes } from './limits.ts';

const LOOK_EVERY_MS = 50;
const STANDARD_INPUT = 0;

/** Ends the process when its parent is gone, and when it has taken what memory it may. */
export function watch({ memoryBytes, timeMs }: Limits, say: (verdict: object) => void): void {
  const end = () => process.kill(process.pid, 'SIGKILL');
  // Not fs.read: a process does not exit before that has returned.
  new Socket({ fd: STANDARD_INPUT }).once('close', end).once('error', end).resume();
  // The parent counts the time. This is for one that has been stopped, or is too busy to.
  setTimeout(end, timeMs * 2);
  setInterval(() => {
    if (process.memoryUsage.rss() <= memoryBytes) return;
    say({ ok: false, reason: 'too_hungry', detail: String(megabytes(memoryBytes)) });
    end();
  }, LOOK_EVERY_MS);
  parentPort?.postMessage('watching');
}
