/** What Lambda's time is priced at. It cannot be measured: the scripted model answers at once, and this machine is not Lambda. */
import type { Deployment } from '../../test/cloud/harness/deployment.ts';
import type { Counts } from './counts.ts';

/** Stated, not measured: how long the model takes for one call, and what else an invocation takes. */
export const MODEL_MS = 5000;
export const OTHER_MS = 50;

/** GB-seconds of the invocations that were counted, of which the driver's also wait for the model. */
export function gbSecondsOf(deployment: Deployment, { invocations }: Counts, { driver, modelCalls }: { driver: string; modelCalls: number }): number {
  const msOf = (name: string, count: number) => count * OTHER_MS + (name === driver ? modelCalls * MODEL_MS : 0);
  return Object.entries(invocations).reduce((sum, [name, count]) => sum + (deployment.fn(name).spec.memoryMb / 1024) * (msOf(name, count) / 1000), 0);
}
