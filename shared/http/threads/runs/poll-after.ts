import type { Call } from '../../endpoint.ts';
import type { Run } from '../../../domain/run.ts';
import { viewRun } from './view-run.ts';

const SOONEST_MS = 20;
const LATEST_MS = 100;
/** A poller waits about this share of the run's age, so that it is never late by more than that. */
const SHARE_OF_AGE = 0.1;

/**
 * When to look again, for the poll helpers of the official clients: soon while the run is young, and never so late that its
 * end goes unseen for more than 100 ms (limits B14). The Python client keeps the first answer for all its polls, so it
 * gets the calm one at once.
 */
export function pollAfterMs(ageMs: number, language: string | undefined): number {
  if (language === 'python') return LATEST_MS;
  return Math.round(Math.min(Math.max(ageMs * SHARE_OF_AGE, SOONEST_MS), LATEST_MS));
}

/** The run as a response that says when to ask again. */
export async function runResponse({ world, header }: Pick<Call<unknown, unknown>, 'world' | 'header'>, run: Run): Promise<Response> {
  // The stored time: `created_at` has whole seconds only, and would make every run look half a second old.
  const ageMs = world.clock.nowMs() - run.createdAtMs;
  return Response.json(await viewRun(world, run), { headers: { 'openai-poll-after-ms': String(pollAfterMs(ageMs, header('x-stainless-lang'))) } });
}
