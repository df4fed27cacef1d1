/** Objects as the hosted service's lists returned them, made ready to be read as those of an export. */
import { derivedId, timeOfId } from '../domain/ids.ts';
import { RefusedError } from './from-lines.ts';

export interface Listed {
  kind: 'assistant' | 'thread' | 'message';
  data: Record<string, unknown>;
}

type Given = Record<string, unknown>;

/** The objects that a response of the hosted service holds: a list's, or the one that it is. Undefined for what is no such response. */
export function objectsOf(value: Given): Given[] | undefined {
  if (value['object'] === 'list' && Array.isArray(value['data'])) return oldestFirst(value['data'].map((item: unknown) => (isObject(item) ? item : {})));
  return typeof value['object'] === 'string' ? [value] : undefined;
}

/** RefusedError for what is not imported from there. */
export function toListed(data: Given): Listed {
  switch (data['object']) {
    case 'assistant':
      return { kind: 'assistant', data };
    case 'thread':
      return { kind: 'thread', data };
    case 'thread.message':
      return { kind: 'message', data };
    case 'thread.run':
    case 'thread.run.step':
      throw new RefusedError('runs and their steps are imported from an export alone');
    default:
      throw new RefusedError(`no assistant, thread or message: ${typeof data['object'] === 'string' ? data['object'].slice(0, 100) : 'it does not say what it is'}`);
  }
}

/** Gives messages with foreign ids their places: by the time that they say, and within a second in the order that they come in. */
export class Places {
  readonly #seen = new Map<string, { second: number; count: number }>();

  sortIdOf(data: Given): string | undefined {
    const { id, created_at: second, thread_id: threadId } = data;
    if (typeof id !== 'string' || typeof second !== 'number' || typeof threadId !== 'string') return undefined;
    const ownMs = timeOfId('message', id);
    // Made by a server like this one: its id says when, up to what a second leaves out.
    if (ownMs !== undefined && Math.abs(ownMs - second * 1000) < 2000) return undefined;
    const last = this.#seen.get(threadId);
    const count = last?.second === second ? last.count + 1 : 0;
    this.#seen.set(threadId, { second, count });
    return derivedId('message', second * 1000 + Math.min(count, 999), id);
  }
}

const isObject = (value: unknown): value is Given => typeof value === 'object' && value !== null && !Array.isArray(value);
const timeOf = ({ created_at: time }: Given): number => (typeof time === 'number' ? time : 0);

/** Lists came newest first unless they were asked for otherwise. */
function oldestFirst(items: Given[]): Given[] {
  const [first, last] = [items[0], items.at(-1)];
  const isAscending = first && last && timeOf(first) < timeOf(last);
  return (isAscending ? items : items.toReversed()).toSorted((a, b) => timeOf(a) - timeOf(b));
}
