/** True when the record's metadata has all of these pairs, exactly. */
export function hasPairs(record: object, pairs: [string, string][]): boolean {
  const metadata = 'metadata' in record ? (record.metadata as Record<string, string>) : {};
  return pairs.every(([name, value]) => Object.hasOwn(metadata, name) && metadata[name] === value);
}
