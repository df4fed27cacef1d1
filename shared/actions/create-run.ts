import type { Assistant } from '../domain/assistant.ts';
import { InvalidRequestError, ThreadBusyError, ThreadCrowdedError, ThreadToBeFreedError } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import type { MessageInput } from '../domain/message.ts';
import type { WhenBusy } from '../domain/project.ts';
import { type Lease, type NewRun, type RunOf, type RunOverrides, claimRun, newRun, waitForThread } from '../domain/run.ts';
import { type Tool, isFunctionTool } from '../domain/settings.ts';
import { type Thread, type ThreadInput, claimsOn, lockedBy, touched, withWaiting } from '../domain/thread.ts';
import { type Change, create, retryOnConflict, update } from '../ports/commit.ts';
import { inTurn } from '../ports/in-turn.ts';
import { type Sandbox, SandboxUnavailableError } from '../ports/sandbox.ts';
import type { World } from '../ports/world.ts';
import { planThread, withDefaults } from './create-thread.ts';
import { findAssistant, findThreadAndAssistant } from './find.ts';
import { checkMessageFiles, checkToolResources } from './known-files.ts';
import { addMessages } from './new-message.ts';
import { planAttachments } from './plan-tool-resources.ts';
import { readProject } from './project-settings.ts';
import { type ReadAhead, readAhead } from './read-ahead.ts';
import { driveJob } from './run-jobs.ts';

/** A run just written. `queued` is how it began; `run` is what is stored: in progress already when the caller took the lease, and nobody's yet when it waits. */
export interface CreatedRun {
  queued: RunOf<'queued'>;
  run: RunOf<'queued'> | RunOf<'in_progress'>;
  thread: Thread;
  /** For the caller that took the lease: what the run's first prompt needs. Never rejects. */
  ahead?: Promise<ReadAhead | undefined> | undefined;
}

export interface RunRequest {
  projectId: string;
  assistantId: string;
  overrides: RunOverrides;
  /** Given by a caller that will drive the run itself, as the one that streams it does. A run that has to wait for its thread does not take it. */
  lease?: Lease | undefined;
  /** What is to become of it on a thread that another run holds; as the project has it when absent. */
  whenBusy?: WhenBusy | undefined;
}

/** Adds the run, and before it `messages`, to a thread that no other run holds; or, if that is wished, to those that wait for one. */
export async function createRun(world: World, threadId: string, messages: MessageInput[], request: RunRequest): Promise<CreatedRun> {
  await checkMessageFiles(world, request.projectId, messages);
  return inTurn(threadId, () => retryOnConflict(async () => {
    const [before, assistant] = await findThreadAndAssistant(world, request.projectId, threadId, request.assistantId);
    await checkCanExecute(world, request.overrides.tools ?? assistant.tools);
    const nowMs = world.clock.nowMs();
    const [holder, ...others] = claimsOn(before, nowMs);
    if (holder) {
      const whenBusy = request.whenBusy ?? (await readProject(world, request.projectId)).whenBusy;
      if (whenBusy === 'reject') throw new ThreadBusyError(threadId, holder.id, 'run');
      if (whenBusy === 'cancel_active') {
        // Nobody's run is cancelled for one that could never begin.
        planRun(world, before, assistant, { ...request, lease: undefined });
        throw new ThreadToBeFreedError(threadId, [holder.id, ...others.map(({ id }) => id)]);
      }
      return await createWaitingRun(world, before, holder, assistant, messages, request);
    }
    const { toolResources, plan } = await planAttachments(world, before, messages);
    const added = addMessages({ ...before, toolResources }, messages, nowMs);
    const { queued, run, change } = planRun(world, added.thread, assistant, request);
    const write = update('thread', before, takenBy(added.thread, run, nowMs));
    const ahead = request.lease && readAhead(world, run, { steps: [], added: added.messages });
    await world.commit({
      ...change,
      writes: [...change.writes, write, ...added.messages.map((message) => create('message', message)), ...plan.writes],
      jobs: [...change.jobs, ...plan.jobs],
      timers: plan.timers,
    });
    return { queued, run, thread: write.record, ahead };
  }));
}

/** A new thread and a run on it, in one commit. */
export async function createThreadAndRun(world: World, threadInput: ThreadInput, request: RunRequest): Promise<CreatedRun> {
  const [assistant, input] = await Promise.all([
    findAssistant(world, request.projectId, request.assistantId),
    withDefaults(world, request.projectId, threadInput),
    checkToolResources(world, request.projectId, request.overrides.toolResources),
  ]);
  await checkCanExecute(world, request.overrides.tools ?? assistant.tools);
  // A file that the thread names may go at this moment.
  return retryOnConflict(async () => {
    const planned = await planThread(world, request.projectId, input);
    const { queued, run, change } = planRun(world, planned.thread, assistant, request);
    const thread = takenBy(planned.thread, run, world.clock.nowMs());
    await world.commit({
      ...change,
      writes: [...change.writes, create('thread', thread), ...planned.messages.map((message) => create('message', message)), ...planned.plan.writes],
      jobs: [...change.jobs, ...planned.plan.jobs],
      timers: planned.plan.timers,
    });
    return { queued, run, thread, ahead: Promise.resolve({ steps: [], messages: { items: planned.messages.toReversed(), hasMore: false } }) };
  });
}

/**
 * Nobody drives it before its turn, which comes with the end of the run that holds the thread. Its job is due when that must have ended, so that it
 * is looked after whatever happens.
 */
async function createWaitingRun(world: World, before: Thread, holder: { id: string; expiresAtMs: number }, assistant: Assistant, messages: MessageInput[], request: RunRequest): Promise<CreatedRun> {
  const nowMs = world.clock.nowMs();
  const { queued } = planRun(world, before, assistant, { ...request, lease: undefined });
  const run = waitForThread(queued, messages);
  const after = withWaiting(before, run, nowMs);
  if (!after) throw new ThreadCrowdedError(before.id, holder.id, 'run');
  const write = update('thread', before, { ...touched(after, nowMs), lastRunId: run.id });
  await world.commit({ name: 'create-waiting-run', writes: [create('run', run), write], jobs: [driveJob(run, Math.min(holder.expiresAtMs, run.expiresAtMs))] });
  return { queued, run, thread: write.record };
}

const takenBy = (thread: Thread, run: RunOf<'queued' | 'in_progress'>, nowMs: number): Thread => ({ ...lockedBy(touched(thread, nowMs), run, nowMs), lastRunId: run.id });

function planRun(world: World, thread: Thread, assistant: Assistant, { overrides, lease }: RunRequest) {
  const nowMs = world.clock.nowMs();
  const { additionalInstructions, ...given } = overrides;
  const instructions = [given.instructions ?? assistant.instructions, additionalInstructions].filter((text) => text);
  const fields: NewRun = {
    ...inherited(assistant),
    toolResources: assistant.toolResources,
    ...defined(given),
    metadata: given.metadata,
    truncationStrategy: given.truncationStrategy,
    toolChoice: given.toolChoice,
    parallelToolCalls: given.parallelToolCalls,
    ...(instructions.length > 0 && { instructions: instructions.join('\n\n') }),
    id: newId('run', nowMs, thread.lastRunId),
    projectId: thread.projectId,
    threadId: thread.id,
    assistantId: assistant.id,
    createdAtMs: nowMs,
  };
  checkToolChoice(fields);
  const queued = newRun(fields, world.config.runWindowSeconds);
  const run = lease ? claimRun(queued, lease, nowMs) : queued;
  const change: Change & Pick<Required<Change>, 'jobs'> = {
    name: 'create-run',
    writes: [create('run', run)],
    jobs: [driveJob(run, lease?.untilMs ?? nowMs)],
  };
  return { queued, run, change };
}

/** A tool that the run does not have can never be called; the model's endpoint would refuse each call. */
function checkToolChoice({ toolChoice, tools }: NewRun): void {
  if (typeof toolChoice === 'string') return;
  const name = toolChoice.type === 'function' ? toolChoice.function.name : undefined;
  const fits = (tool: Tool) => tool.type === toolChoice.type && (!isFunctionTool(tool) || tool.function.name === name);
  if (tools.some(fits)) return;
  const what = name === undefined ? `no ${toolChoice.type} tool` : `no function named '${name}'`;
  throw new InvalidRequestError(`Invalid 'tool_choice': the run has ${what}.`, 'tool_choice', 'invalid_value');
}

/** An assistant may carry the tool, but a run that went on without it would give plausible wrong answers. */
async function checkCanExecute(world: World, tools: readonly Tool[]): Promise<void> {
  if (!tools.some(({ type }) => type === 'code_interpreter')) return;
  const problem = await problemOf(world.sandbox);
  if (problem === undefined) return;
  throw new InvalidRequestError(`The tool 'code_interpreter' is not available on this server: ${problem} To run without it, give the run other 'tools' than the assistant's.`, 'tools', 'unsupported_tool');
}

/** Why code cannot be executed, as a sentence; undefined when it can, as far as is known. */
async function problemOf(sandbox: Sandbox | undefined): Promise<string | undefined> {
  if (!sandbox) return 'it is turned off.';
  try {
    await sandbox.check();
    return undefined;
  } catch (error) {
    if (!(error instanceof SandboxUnavailableError)) throw error;
    // It may be possible when the code is there; runs wait for that.
    return error.mayPass ? undefined : `${error.message.replace(/\.$/, '')}.`;
  }
}

const inherited = ({ model, tools, temperature, topP, reasoningEffort, responseFormat }: Assistant) =>
  defined({ model, tools, temperature, topP, reasoningEffort, responseFormat });

/** Without the keys whose value is undefined, which would otherwise hide the assistant's. */
function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> };
}
