/** Knowing when nothing goes on any more but waiting. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Deployment } from './deployment.ts';

/** Nobody has asked AWS for anything for so long, in real time. */
const QUIET_MS = 20;
const LOOK_EVERY_MS = 4;
/** A deployment that is never quiet has a fault. */
const WITHIN_MS = 20_000;

export async function quiet({ front, mappings, functions, uploads }: Deployment): Promise<void> {
  const untilMs = performance.now() + WITHIN_MS;
  let seen = -1;
  let sinceMs = performance.now();
  for (;;) {
    // Environments that run and ask for nothing wait for time or for the model.
    const isStarting = [...functions.values()].some((lambda) => lambda.underWay > lambda.environments.filter(({ isRunning }) => isRunning).length);
    if (front.total !== seen || front.underWay > 0 || isStarting || uploads?.web.isStarting) {
      seen = front.total;
      sinceMs = performance.now();
    }
    if (performance.now() - sinceMs >= QUIET_MS) break;
    if (performance.now() > untilMs) throw new Error('the deployment does not come to rest');
    await delay(LOOK_EVERY_MS);
  }
  await Promise.all([...mappings.queues, ...mappings.streams].filter(({ busy }) => !busy).map(async (mapping) => mapping.wake()));
}
