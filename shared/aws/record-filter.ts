import type { PageQuery } from '../ports/store.ts';

type Where = NonNullable<PageQuery['where']>;

/** What of a filter is looked for record by record; undefined when there is nothing of that. */
export function recordFilter(where: Where | undefined): ((record: object) => boolean) | undefined {
  const { metadata = {}, runId: _, ...fields } = where ?? {};
  const pairs = Object.entries(metadata);
  const values = Object.entries(fields).filter(([, value]) => value !== undefined);
  if (pairs.length === 0 && values.length === 0) return undefined;
  return (record) => hasPairs(record, pairs) && values.every(([name, value]) => (record as Record<string, unknown>)[name] === value);
}

/** True when the record's metadata has all of these pairs, exactly. */
function hasPairs(record: object, pairs: [string, string][]): boolean {
  const metadata = 'metadata' in record ? (record.metadata as Record<string, string>) : {};
  return pairs.every(([name, value]) => Object.hasOwn(metadata, name) && metadata[name] === value);
}
