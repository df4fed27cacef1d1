/** One call of a function, answered by the project's endpoint for it: always with a text for the model, be it of what went wrong. */
import { sleep, toSeconds } from '../domain/clock.ts';
import type { FunctionCall, RunStep } from '../domain/run-step.ts';
import type { Run } from '../domain/run.ts';
import type { ToolEndpoint } from '../domain/tool-endpoint.ts';
import { activeSecrets } from '../domain/webhook-endpoint.ts';
import { FunctionUnavailableError } from '../ports/functions.ts';
import { UnreachableError, UnsafeUrlError } from '../ports/outbound.ts';
import type { World } from '../ports/world.ts';
import { signatureHeaders } from './webhook-request.ts';

type Parts = Pick<World, 'clock' | 'outbound' | 'functions' | 'log'>;

/** The most that an answer may have. */
export const MOST_OUTPUT_BYTES = 512 * 1024;
/** What looks as if it would pass is tried once more, after this. */
const PAUSE_MS = 1000;
const MAY_PASS: readonly number[] = [429, 502, 503, 504];
/** Of the run's time this is left to the model, to say what has come of it; of a short time, this share. */
const KEPT_FOR_MODEL_MS = 15_000;
const KEPT_SHARE = 0.25;

/** A call, and where it stands. */
interface Told {
  call: FunctionCall;
  step: RunStep;
  run: Run;
}
type Called = Told & { endpoint: ToolEndpoint | undefined };

/** What came back: an answer, or the reason why there is none, in words for the model. */
type Reply = { output: string } | { problem: string; mayPass: boolean };

/** Rejects with the signal's reason when it aborts, and never else. */
export async function callEndpoint(world: Parts, { endpoint, ...told }: Called, signal: AbortSignal): Promise<string> {
  const { call, run } = told;
  if (!endpoint) return problemText(call, 'is not there any more');
  const untilMs = endOf(endpoint, run, world.clock.nowMs());
  const first = await ask(world, endpoint, told, untilMs, signal);
  if ('output' in first) return first.output;
  if (!first.mayPass || world.clock.nowMs() + PAUSE_MS >= untilMs) return problemText(call, first.problem);
  await sleep(world.clock, PAUSE_MS, signal);
  const second = await ask(world, endpoint, told, untilMs, signal);
  return 'output' in second ? second.output : problemText(call, second.problem);
}

/** Reads as the end of a sentence that begins with the endpoint. */
export const problemText = ({ name }: FunctionCall, problem: string): string => `Error: the endpoint of "${name}" ${problem}.`;

/** When the answer must have come. */
function endOf({ timeoutSeconds }: ToolEndpoint, run: Run, nowMs: number): number {
  const leftMs = Math.max(run.expiresAtMs - nowMs, 0);
  const keptMs = Math.min(KEPT_FOR_MODEL_MS, leftMs * KEPT_SHARE);
  return Math.min(nowMs + timeoutSeconds * 1000, Math.floor(run.expiresAtMs - keptMs));
}

async function ask(world: Parts, endpoint: ToolEndpoint, told: Told, untilMs: number, signal: AbortSignal): Promise<Reply> {
  const nowMs = world.clock.nowMs();
  const timeoutMs = untilMs - nowMs;
  if (timeoutMs <= 0) return { problem: 'did not answer in time', mayPass: false };
  try {
    return await ('url' in endpoint.target ? askUrl : askFunction)(world, endpoint, told, { nowMs, timeoutMs, signal });
  } catch (error) {
    signal.throwIfAborted();
    const mayPass = error instanceof UnreachableError || (error instanceof FunctionUnavailableError && error.mayPass);
    if (!mayPass && !(error instanceof UnsafeUrlError || error instanceof FunctionUnavailableError)) throw error;
    const isLate = world.clock.nowMs() >= untilMs;
    world.log.info('tool_call_failed', { runId: told.run.id, callId: told.call.id, reason: error.message });
    return isLate ? { problem: `did not answer within ${inSeconds(timeoutMs)}`, mayPass: false } : { problem: 'could not be reached', mayPass };
  }
}

const inSeconds = (ms: number): string => (Math.round(ms / 1000) === 1 ? '1 second' : `${Math.round(ms / 1000)} seconds`);

interface Limits {
  nowMs: number;
  timeoutMs: number;
  signal: AbortSignal;
}

async function askUrl({ outbound, log }: Parts, endpoint: ToolEndpoint, told: Told, { nowMs, ...limits }: Limits): Promise<Reply> {
  const { call, run } = told;
  const body = JSON.stringify(bodyOf(told));
  const headers = { 'content-type': 'application/json', 'user-agent': 'Threadkeep-Tools/1.0', ...signatureHeaders(webhookIdOf(told), body, activeSecrets(endpoint, nowMs), nowMs) };
  const url = 'url' in endpoint.target ? endpoint.target.url : '';
  const answer = await outbound.post({ url, headers, body, mostBytes: MOST_OUTPUT_BYTES, ...limits });
  if (answer.status < 200 || answer.status > 299) {
    log.info('tool_call_failed', { runId: run.id, callId: call.id, status: answer.status });
    return { problem: `answered with status ${answer.status}`, mayPass: MAY_PASS.includes(answer.status) };
  }
  return answer.isCut ? TOO_LARGE : { output: outputOf(Buffer.from(answer.body).toString()) };
}

async function askFunction({ functions, log }: Parts, endpoint: ToolEndpoint, told: Told, { timeoutMs, signal }: Limits): Promise<Reply> {
  const arn = 'lambdaArn' in endpoint.target ? endpoint.target.lambdaArn : '';
  if (!functions?.mayInvoke(arn)) return { problem: 'may not be called by this server any more', mayPass: false };
  const { body, failed } = await functions.invoke({ arn, payload: JSON.stringify(bodyOf(told)), timeoutMs, signal });
  if (failed) {
    log.info('tool_call_failed', { runId: told.run.id, callId: told.call.id, reason: 'the function failed' });
    return { problem: 'failed', mayPass: false };
  }
  return body.length > MOST_OUTPUT_BYTES ? TOO_LARGE : { output: outputOf(unquoted(Buffer.from(body).toString())) };
}

const TOO_LARGE: Reply = { problem: `answered with more than ${MOST_OUTPUT_BYTES} bytes`, mayPass: false };

/**
 * The same whenever the call is told again, and no other call's. The call's own id is the model's to choose: some providers count from 0 in each
 * answer, and nothing says that it can be a header.
 */
const webhookIdOf = ({ call, step }: Told): string => `${step.id}_${step.details.type === 'tool_calls' ? step.details.toolCalls.findIndex(({ id }) => id === call.id) : 0}`;

/** What the endpoint is told. */
const bodyOf = ({ call, run, step }: Told) => ({
  id: call.id,
  object: 'thread.run.tool_call',
  type: 'function',
  function: { name: call.name, arguments: call.arguments },
  thread_id: run.threadId,
  run_id: run.id,
  assistant_id: run.assistantId,
  created_at: toSeconds(step.createdAtMs),
});

/** A text is an output as it is; an object with a text for `output` means that. */
function outputOf(text: string): string {
  const value = parsed(text);
  return typeof value === 'object' && value !== null && 'output' in value && typeof value.output === 'string' ? value.output : text;
}

/** A function answers in JSON always: a string comes in quotes, and nothing at all as null. */
function unquoted(text: string): string {
  const value = parsed(text);
  if (value === null) return '';
  return typeof value === 'string' ? value : text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
