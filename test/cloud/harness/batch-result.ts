/** What a function says of a batch, read as Lambda's event source mappings do. */

/** The identifiers that failed; `all` when the whole batch counts as failed. */
export type Failures = ReadonlySet<string> | 'all';

const NONE: Failures = new Set();

/** No answer and an empty list mean success; an identifier that nothing in the batch has, or none, means that all failed. */
export function failuresOf(result: unknown, identifiers: readonly string[]): Failures {
  if (result === null || result === undefined) return NONE;
  if (typeof result !== 'object') return 'all';
  const { batchItemFailures: listed } = result as { batchItemFailures?: unknown };
  if (listed === null || listed === undefined) return NONE;
  if (!Array.isArray(listed)) return 'all';
  const failed = new Set<string>();
  for (const entry of listed as unknown[]) {
    const identifier = typeof entry === 'object' && entry !== null && 'itemIdentifier' in entry ? entry.itemIdentifier : undefined;
    if (typeof identifier !== 'string' || !identifiers.includes(identifier)) return 'all';
    failed.add(identifier);
  }
  return failed;
}
