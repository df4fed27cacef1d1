/** What a stream has told, kept for a test to look at. */
import { expect } from '@jest/globals';
import type { AssistantStreamEvent, HelperStream, Message, Run, RunStep } from './clients/client.ts';

export interface Told {
  /** The names in order, `done` included when a raw client shows it. */
  names: string[];
  events: AssistantStreamEvent[];
}

/** Reads a stream to its end; `told` can be looked at meanwhile. */
export async function read(stream: AsyncIterable<AssistantStreamEvent>, told: Told = { names: [], events: [] }): Promise<Told> {
  for await (const event of stream) {
    told.events.push(structuredClone(event));
    told.names.push(event.event);
  }
  return told;
}

/** The names with repetitions of a delta taken together, since their number is the model's affair. */
export const shape = (names: readonly string[]): string[] => names.filter((name, at) => !(name.endsWith('.delta') && names[at - 1] === name)).map((name) => name.replace(/^thread\./, ''));

type DataOf = { [E in AssistantStreamEvent as E['event']]: E['data'] };

/** The data of the only event of this name. */
export function only<N extends keyof DataOf>({ events }: Told, name: N): DataOf[N] {
  const [found, another] = events.filter(({ event }) => event === name);
  if (!found || another) throw new Error(`not exactly one ${name} among ${events.map(({ event }) => event).join(', ')}`);
  return found.data as DataOf[N];
}

/** Every event of the stream helper in the order in which it came, with what it brought. */
export interface Heard {
  log: string[];
  texts: string[];
  messages: Message[];
  steps: RunStep[];
  calls: unknown[];
  runs: Run[];
  events: AssistantStreamEvent[];
}

export function listen(stream: HelperStream): Heard {
  const heard: Heard = { log: [], texts: [], messages: [], steps: [], calls: [], runs: [], events: [] };
  const note = (name: string) => heard.log.push(name);
  stream.on('connect', () => note('connect'));
  stream.on('event', (event) => heard.events.push(structuredClone(event)));
  stream.on('messageCreated', (message) => (note('messageCreated'), expect(message.content).toEqual([])));
  stream.on('messageDelta', () => note('messageDelta'));
  stream.on('messageDone', (message) => (note('messageDone'), heard.messages.push(structuredClone(message))));
  stream.on('textCreated', () => note('textCreated'));
  stream.on('textDelta', (delta, snapshot) => (note(`textDelta ${delta.value}`), heard.texts.push(snapshot.value)));
  stream.on('textDone', (content) => note(`textDone ${content.value}`));
  stream.on('imageFileDone', () => note('imageFileDone'));
  stream.on('runStepCreated', (step) => note(`runStepCreated ${step.type}`));
  stream.on('runStepDelta', () => note('runStepDelta'));
  stream.on('runStepDone', (step) => (note(`runStepDone ${step.status}`), heard.steps.push(structuredClone(step))));
  stream.on('toolCallCreated', (call) => note(`toolCallCreated ${call.type}`));
  stream.on('toolCallDelta', () => note('toolCallDelta'));
  stream.on('toolCallDone', (call) => (note('toolCallDone'), heard.calls.push(structuredClone(call))));
  stream.on('run', (run) => (note(`run ${run.status}`), heard.runs.push(run)));
  stream.on('error', (error) => note(`error ${error.message}`));
  stream.on('end', () => note('end'));
  return heard;
}

/** The log with repeated deltas of one kind taken together. */
export const gist = (log: readonly string[]): string[] => {
  const kinds = log.map((entry) => (/^(messageDelta|textDelta|runStepDelta|toolCallDelta)/.exec(entry)?.[1] ?? entry));
  return kinds.filter((kind, at) => kind !== kinds[at - 1]);
};

type Fields = Record<string, unknown>;
const DELTA = { 'thread.message.delta': 'content', 'thread.run.step.delta': 'tool_calls' } as const;

/** The events with all deltas of one message, or of one step, as one: what is left is the same however it was cut. */
export function merged(events: readonly AssistantStreamEvent[]): AssistantStreamEvent[] {
  const result: AssistantStreamEvent[] = [];
  for (const event of structuredClone([...events])) {
    const last = result.at(-1);
    if (last && last.event === event.event && event.event in DELTA) addTo(entriesOf(last), entriesOf(event));
    else result.push(event);
  }
  return result;
}

function entriesOf({ data }: AssistantStreamEvent): Fields[] {
  const { delta } = data as { delta?: { content?: unknown; step_details?: { tool_calls?: unknown } } };
  return (delta?.content ?? delta?.step_details?.tool_calls ?? []) as Fields[];
}

function addTo(list: Fields[], more: Fields[]): void {
  for (const entry of more) {
    const known = list.find(({ index }) => index === entry['index']);
    if (known) append(known, entry);
    else list.push(entry);
  }
}

/** What is told again and again is a piece of text. */
const PIECES = ['value', 'arguments', 'refusal', 'input', 'logs'];

function append(known: Fields, entry: Fields): void {
  for (const [name, value] of Object.entries(entry)) {
    const before = known[name];
    if (PIECES.includes(name) && before !== undefined) known[name] = `${before as string}${value as string}`;
    else if (Array.isArray(before) && Array.isArray(value)) addTo(before as Fields[], value as Fields[]);
    else if (typeof before === 'object' && before !== null && typeof value === 'object' && value !== null) append(before as Fields, value as Fields);
    else known[name] ??= value;
  }
}
