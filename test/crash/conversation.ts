/** One whole conversation through the official client, by a client that does not give up when the server dies. */
import type OpenAI from 'openai';
import type { Run, RunCreateParamsNonStreaming } from 'openai/resources/beta/threads/runs/runs';
import { randomUUID } from 'node:crypto';
import { type ChatRequest, ScriptedModel, type Step, calls, text } from '../support/scripted-model.ts';
import type { Survivor } from './crashable.ts';

export const LOOKUP = { type: 'function', function: { name: 'lookup', parameters: { type: 'object', properties: { city: { type: 'string' } } } } } as const;
const LOOKUP_CALL = { name: 'lookup', arguments: { city: 'Oslo' } };

/** What each answer of the model costs, so that the sums tell whether an answer was counted never or twice. */
const COSTS = { calls: { prompt: 101, completion: 7 }, unknown: { prompt: 211, completion: 13 }, final: { prompt: 307, completion: 17 }, next: { prompt: 401, completion: 19 } };
export const RUN_COSTS = {
  first: COSTS.calls.prompt + COSTS.unknown.prompt + COSTS.final.prompt + COSTS.calls.completion + COSTS.unknown.completion + COSTS.final.completion,
  next: COSTS.next.prompt + COSTS.next.completion,
};
/** How often the model is asked in a conversation in which nothing goes wrong. */
export const MODEL_CALLS = 4;

export const QUESTION = 'What is the weather?';
export const MORE = 'In Oslo, please.';
export const NEXT_QUESTION = 'And tomorrow?';

/** Every durable step there is: a text and calls in one answer, outputs, a call that is answered at once, a final text, a further run. */
export async function weatherModel(): Promise<ScriptedModel> {
  const model = await ScriptedModel.start();
  scriptWeather(model);
  return model;
}

export function scriptWeather(model: ScriptedModel): void {
  const answer = (to: (body: ChatRequest) => boolean, step: () => Step) => model.scriptFor(to, ...Array.from({ length: 12 }, step));
  answer(lastIs('user', MORE), firstAnswer);
  // Asked again after the text was stored, the model goes on behind it.
  answer(lastIs('assistant', 'Let me look that up.'), () => calls([LOOKUP_CALL], { usage: COSTS.calls }));
  answer(lastIs('tool', 'sunny'), () => calls([{ name: 'forecast', arguments: {} }], { usage: COSTS.unknown }));
  answer(lastIs('tool', /no function named "forecast"/), () => text('It is sunny in Oslo.', { usage: COSTS.final }));
  answer(lastIs('user', NEXT_QUESTION), () => text('Rain, I fear.', { usage: COSTS.next }));
}

export const firstAnswer = (): Step => calls([LOOKUP_CALL], { text: 'Let me look that up.', usage: COSTS.calls });

export const TRANSCRIPT = [
  `user: ${QUESTION}`,
  `user: ${MORE}`,
  'assistant: Let me look that up.',
  'assistant: It is sunny in Oslo.',
  `user: ${NEXT_QUESTION}`,
  'assistant: Rain, I fear.',
];
export const STEPS = ['message_creation completed', 'lookup -> sunny completed', 'forecast -> Error completed', 'message_creation completed'];

export function lastIs(role: string, content: string | RegExp) {
  return ({ messages }: ChatRequest): boolean => {
    const last = messages.at(-1);
    if (last?.role !== role || typeof last.content !== 'string') return false;
    return typeof content === 'string' ? last.content === content : content.test(last.content);
  };
}

/** What went otherwise than scripted. Answers that were kept ready for a second asking may be left over. */
export async function surprisesOf(model: ScriptedModel): Promise<string[]> {
  try {
    await model.verify();
    return [];
  } catch (error) {
    const [, ...problems] = String(error).split('\n');
    return problems.filter((problem) => !problem.startsWith('- step never used'));
  }
}

export const once = (): { headers: Record<string, string> } => ({ headers: { 'Idempotency-Key': randomUUID() } });

export async function createAssistant(server: Survivor): Promise<string> {
  const key = once();
  return (await server.insist((client) => client.beta.assistants.create({ model: 'gpt-4o', tools: [LOOKUP] }, key))).id;
}

export async function addMessage(server: Survivor, threadId: string, content: string): Promise<string> {
  const key = once();
  return (await server.insist((client) => client.beta.threads.messages.create(threadId, { role: 'user', content }, key))).id;
}

export const runsOf = (server: Survivor, threadId: string): Promise<Run[]> =>
  server.insist(async (client) => (await client.beta.threads.runs.list(threadId, { order: 'asc' })).data);

const isAtRest = ({ status }: Run): boolean => !['queued', 'in_progress', 'cancelling'].includes(status);

/** Nothing but GET: the run must come to rest by itself. */
export function rest(server: Survivor, threadId: string, runId: string): Promise<Run> {
  return server.eventually(`${runId} comes to rest`, async () => {
    const run = await server.survive((client) => client.beta.threads.runs.retrieve(runId, { thread_id: threadId }));
    return run && isAtRest(run) ? run : undefined;
  });
}

/** All that streams have told a client, those included that broke off. */
export type Told = OpenAI.Beta.AssistantStreamEvent[];

async function drain(stream: AsyncIterable<OpenAI.Beta.AssistantStreamEvent>, told: Told): Promise<string> {
  for await (const event of stream) told.push(event);
  return 'drained';
}

/** Asks for a run until there is one; without a key, so a client looks first whether the lost request was heard. */
export async function startRun(server: Survivor, threadId: string, body: RunCreateParamsNonStreaming, streamed: boolean, told: Told = []): Promise<string> {
  const known = (await runsOf(server, threadId)).length;
  for (;;) {
    await server.survive(async (client) => {
      const { runs } = client.beta.threads;
      return streamed ? drain(await runs.create(threadId, { ...body, stream: true }), told) : runs.create(threadId, body);
    });
    const run = (await runsOf(server, threadId))[known];
    if (run) return run.id;
  }
}

/** Answers whatever the run asks for, until it is over. */
export async function seeThrough(server: Survivor, threadId: string, runId: string, streamed: boolean, told: Told = []): Promise<Run> {
  for (let asked = 0; asked < 5; asked++) {
    const run = await rest(server, threadId, runId);
    if (run.status !== 'requires_action') return run;
    const outputs = (run.required_action?.submit_tool_outputs.tool_calls ?? []).map(({ id }) => ({ tool_call_id: id, output: 'sunny' }));
    await server.survive(async (client) => {
      const { runs } = client.beta.threads;
      const body = { thread_id: threadId, tool_outputs: outputs };
      return streamed ? drain(await runs.submitToolOutputs(runId, { ...body, stream: true }), told) : runs.submitToolOutputs(runId, body);
    });
  }
  throw new Error(`${runId} asks for outputs again and again`);
}

export interface Conversation {
  threadId: string;
  first: Run;
  next: Run;
  told: Told;
}

export async function converse(server: Survivor, streamed: boolean): Promise<Conversation> {
  const assistant_id = await createAssistant(server);
  const key = once();
  const { id: threadId } = await server.insist((client) => client.beta.threads.create({}, key));
  await addMessage(server, threadId, QUESTION);
  const body = { assistant_id, additional_messages: [{ role: 'user' as const, content: MORE }] };
  const told: Told = [];
  const first = await seeThrough(server, threadId, await startRun(server, threadId, body, streamed, told), streamed, told);
  await addMessage(server, threadId, NEXT_QUESTION);
  const next = await seeThrough(server, threadId, await startRun(server, threadId, { assistant_id }, streamed, told), streamed, told);
  return { threadId, first, next, told };
}

/** All messages, oldest first, as `role: text`. */
export async function transcript(server: Survivor, threadId: string): Promise<string[]> {
  const page = await server.insist((client) => client.beta.threads.messages.list(threadId, { order: 'asc', limit: 100 }));
  return page.data.map(({ role, content }) => `${role}: ${content.map((part) => (part.type === 'text' ? part.text.value : part.type)).join('|')}`);
}

/** All steps, oldest first: the kind or the call with its output's first word, and the status. */
export async function stepsOf(server: Survivor, threadId: string, runId: string): Promise<string[]> {
  const page = await server.insist((client) => client.beta.threads.runs.steps.list(runId, { thread_id: threadId, order: 'asc', limit: 100 }));
  return page.data.map(({ step_details: details, status }) => {
    if (details.type === 'message_creation') return `message_creation ${status}`;
    const told = details.tool_calls.map((call) => (call.type === 'function' ? `${call.function.name} -> ${/^\w+/.exec(call.function.output ?? 'nothing')?.[0] ?? ''}` : call.type));
    return `${told.join(', ')} ${status}`;
  });
}
