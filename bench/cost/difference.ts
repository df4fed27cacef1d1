/** Where two values of the same shape differ first, and how; undefined where they do not. */
export function difference(a: unknown, b: unknown, path = ''): string | undefined {
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
  if (!isObject(a) || !isObject(b)) return a === b ? undefined : `${path}: ${String(a)}, then ${String(b)}`;
  const [before, after] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.map((name) => difference(before.get(name), after.get(name), `${path}/${name}`)).find((found) => found !== undefined);
}
