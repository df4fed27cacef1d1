import { FED } from '../ports/feed.ts';
import type { Kind, RecordOf } from '../ports/store.ts';

const EMPTY: { [K in Kind]?: object } = {
  message: {},
  run: { instructions: undefined, responseFormat: 'auto', waits: undefined },
  export: { upload: undefined, cursor: undefined },
};

/**
 * A record without what can make it large, for the feed to tell when its body has been replaced meanwhile: lists are empty,
 * texts absent. Undefined for kinds that the feed does not tell of.
 */
export function briefOf(kind: Kind, record: RecordOf<Kind>): object | undefined {
  if (!BRIEF_KINDS.has(kind)) return undefined;
  const fields = Object.entries(record).map(([name, value]) => [name, Array.isArray(value) ? [] : (value as unknown)]);
  return { ...(Object.fromEntries(fields) as object), ...EMPTY[kind] };
}

const BRIEF_KINDS: ReadonlySet<Kind> = new Set([...FED.created, ...FED.updated]);
