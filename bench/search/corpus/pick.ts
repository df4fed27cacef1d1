/** As good as by chance, and the same each time. */
export function pick(count: number, ...of: number[]): number {
  let hash = 2166136261;
  for (const value of of) hash = Math.imul(hash ^ (value + 0x9e37), 16777619) ^ (hash >>> 13);
  return (Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> 8) % count;
}
