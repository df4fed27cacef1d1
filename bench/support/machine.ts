/** How much of the machine other programs took while the bench ran: figures taken beside them are theirs too. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Clock ticks of 10 ms. */
interface Ticks {
  busy: number;
  total: number;
  own: number;
}

function read(): Ticks {
  const all = readFileSync('/proc/stat', 'utf8').split('\n')[0]?.split(/\s+/).slice(1, 9).map(Number) ?? [];
  const total = all.reduce((sum, value) => sum + value, 0);
  const idle = (all[3] ?? 0) + (all[4] ?? 0);
  // From the third field on: user and system time of the process itself, then of its children that have ended.
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  const own = fields.slice(11, 15).reduce((sum, value) => sum + Number(value), 0);
  return { busy: total - idle, total, own };
}

const isKnown = process.platform === 'linux';
const before = isKnown ? read() : undefined;

/** To be asked when all children have ended. */
export function describeMachine(): string {
  const cores = `${cpus().length} cores for server, model and client together`;
  if (!before) return cores;
  const now = read();
  const others = (now.busy - before.busy - (now.own - before.own)) / (now.total - before.total);
  return `${cores}, ${Math.max(0, Math.round(others * 100))} % of them taken by other programs`;
}
