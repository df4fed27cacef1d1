/**
 * One after the other, by key, within this process: rivals for one record would else read it at once, and all but one of them
 * decide in vain. Between processes the revisions decide; this only spares the tries.
 */
const tails = new Map<string, Promise<unknown>>();

export function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
  const result = (tails.get(key) ?? Promise.resolve()).then(work);
  const tail = result
    .catch(() => undefined)
    .then(() => {
      if (tails.get(key) === tail) tails.delete(key);
    });
  tails.set(key, tail);
  return result;
}
