/** Calls of functions that endpoints of the project answer: which those are, and asking all of them at once. */
import { callEndpoint, problemText } from '../actions/call-endpoint.ts';
import { hasFeature } from '../actions/features.ts';
import { type FunctionCall, type StepOf, type ToolCall, isFunctionCall, outputBytes } from '../domain/run-step.ts';
import type { Run } from '../domain/run.ts';
import type { ToolEndpoint } from '../domain/tool-endpoint.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';

/**
 * The same calls, those marked that an endpoint answers. When it is all of them the run's driver asks; else the run has to wait for
 * its client too, and a job does. Reads one record for each name called, and none when every call is answered already.
 */
export async function assignCalls(world: World, { projectId }: Run, calls: ToolCall[]): Promise<ToolCall[]> {
  if (!hasFeature(world, 'tool_endpoints')) return calls;
  const functions = calls.filter(isFunctionCall);
  const endpoints = await endpointsOf(world, projectId, functions);
  if (endpoints.size === 0) return calls;
  const calledBy = functions.every((call) => call.output !== undefined || endpoints.has(call.name)) ? 'driver' : 'job';
  return calls.map((call) => (isFunctionCall(call) && call.output === undefined && endpoints.has(call.name) ? { ...call, calledBy } : call));
}

async function endpointsOf({ store }: World, projectId: string, calls: readonly FunctionCall[]): Promise<ReadonlyMap<string, ToolEndpoint>> {
  const names = new Set(calls.filter(({ output }) => output === undefined).map(({ name }) => name));
  const found = await Promise.all([...names].map((name) => store.get(keys.toolEndpoint(projectId, name))));
  return new Map(found.filter((endpoint) => endpoint !== undefined).map((endpoint) => [endpoint.id, endpoint]));
}

/** What all calls of a step may get together: each save writes the whole step, and a client could submit no more either. */
const MOST_TOGETHER_BYTES = 4 * 1024 * 1024;

interface Asked {
  run: Run;
  step: StepOf<'in_progress'>;
  calls: readonly FunctionCall[];
}

/**
 * Asks the endpoints of all calls at once and hands each output to `save` as soon as it is there; those that come while `save` is at work go
 * together next. Rejects when `signal` aborts or `save` fails, and by then waits for nobody any more.
 */
export async function answerCalls(world: World, { run, step, calls }: Asked, signal: AbortSignal, save: (outputs: ReadonlyMap<string, string>) => Promise<void>): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const endpoints = await endpointsOf(world, run.projectId, calls);
  let leftBytes = MOST_TOGETHER_BYTES - outputBytes(step);
  const fitted = (call: FunctionCall, output: string): string => {
    const bytes = Buffer.byteLength(output);
    if (bytes > leftBytes) return problemText(call, `answered with more than is left of the ${MOST_TOGETHER_BYTES} bytes for all calls together`);
    leftBytes -= bytes;
    return output;
  };
  let fresh = new Map<string, string>();
  let saving = Promise.resolve();
  const saveFresh = async () => {
    if (fresh.size === 0) return;
    const outputs = fresh;
    fresh = new Map();
    await save(outputs);
  };
  try {
    await Promise.all(
      calls.map(async (call) => {
        const output = await callEndpoint(world, { endpoint: endpoints.get(call.name), call, step, run }, either);
        fresh.set(call.id, fitted(call, output));
        saving = saving.then(saveFresh);
        await saving;
      }),
    );
  } catch (error) {
    failed.abort(error);
    // What is being saved is told before the run's end is.
    await saving.catch(() => undefined);
    throw error;
  }
}
