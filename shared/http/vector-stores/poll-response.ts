import type { Call } from '../endpoint.ts';
import { pollAfterMs } from '../threads/runs/poll-after.ts';

/** What pollers wait for, with when to look again. */
export const pollResponse = ({ world, header }: Pick<Call<unknown, unknown>, 'world' | 'header'>, { createdAtMs }: { createdAtMs: number }, body: object): Response =>
  Response.json(body, { headers: { 'openai-poll-after-ms': String(pollAfterMs(world.clock.nowMs() - createdAtMs, header('x-stainless-lang'))) } });
