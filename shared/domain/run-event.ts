/** What happens in a run, in the order that a stream tells it. The wire names are the contract's (§8). */
import type { Annotation, Message } from './message.ts';
import type { RunStep, SearchRanking } from './run-step.ts';
import type { Run, RunOf } from './run.ts';
import type { Thread } from './thread.ts';

/** An annotation with its place among the others of its text: the clients find it by that. */
export type AnnotationDelta = Annotation & { index: number };

/** A piece of a message's content. An image comes whole. A first text piece carries `annotations`, later ones only when they have any, whole and with the text that they are of. */
export type MessageDelta =
  | { index: number; type: 'image_file'; image_file: { file_id: string; detail: 'auto' } }
  | { index: number; type: 'text'; text: { value: string; annotations?: AnnotationDelta[] } }
  | { index: number; type: 'refusal'; refusal: string };

/** A piece of a tool call. `id`, `name` and `output` appear only in its first piece; a search has no other (contract §8). The first piece of code has an empty `input` and no `outputs` yet. */
export type ToolCallDelta =
  | { index: number; id?: string; type: 'function'; function: { name?: string; arguments: string; output?: null } }
  | { index: number; id: string; type: 'file_search'; file_search: { ranking_options: SearchRanking; results: [] } }
  | { index: number; id?: string; type: 'code_interpreter'; code_interpreter: { input?: string; outputs?: CodeOutputDelta[] } };

/** Logs come in pieces, all of the same `index`; an image comes whole. */
export type CodeOutputDelta = { index: number; type: 'logs'; logs: string } | { index: number; type: 'image'; image: { file_id: string } };

export type RunEvent =
  | { type: 'thread.created'; thread: Thread }
  | { type: `thread.run.${'created' | Exclude<Run['status'], 'requires_action'>}`; run: Run }
  /** With the step whose calls the client must answer. */
  | { type: 'thread.run.requires_action'; run: RunOf<'requires_action'>; step: RunStep }
  | { type: `thread.run.step.${'created' | RunStep['status']}`; step: RunStep }
  | { type: 'thread.run.step.delta'; stepId: string; toolCalls: ToolCallDelta[] }
  | { type: `thread.message.${'created' | Message['status']}`; message: Message }
  | { type: 'thread.message.delta'; messageId: string; content: MessageDelta[] };

/** Where events go. Must not throw and must not block: a client that has left changes nothing about the run. */
export type Emit = (event: RunEvent) => void;

export const nobodyListens: Emit = () => undefined;
