/**
 * npm run bench [-- PART…] [--profile FOLDER]
 *
 * Measures in one run, on loopback alone: the server as users start it, a model that answers at once, and the official client,
 * each in a process of its own (the client in this one). Parts: ttft runs requests long history boot memory; all without an argument.
 * --profile writes CPU profiles of the server into FOLDER.
 */
import { parseArgs } from 'node:util';
import { boot } from './parts/boot.ts';
import { history } from './parts/history.ts';
import { LONG_THREAD_NOTE, longThread } from './parts/long-thread.ts';
import { memory } from './parts/memory.ts';
import { requests } from './parts/requests.ts';
import { runs } from './parts/runs.ts';
import { ttft } from './parts/ttft.ts';
import { type Bench, openBench } from './support/lab.ts';
import { describeMachine } from './support/machine.ts';
import { type Row, format } from './support/table.ts';

const PARTS: Record<string, (bench: Bench) => Promise<Row[]>> = { ttft, runs, requests, long: longThread, history, boot, memory };

const { positionals, values } = parseArgs({ allowPositionals: true, options: { profile: { type: 'string' } } });
const unknown = positionals.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}. Parts: ${Object.keys(PARTS).join(' ')}`);
  process.exit(1);
}

const bench = await openBench(values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`]);
const wanted = Object.entries(PARTS).filter(([name]) => positionals.length === 0 || positionals.includes(name));
const rows: Row[] = [];
const startedMs = performance.now();
for (const [name, part] of wanted) {
  process.stderr.write(`${name} … `);
  rows.push(...(await part(bench)));
}
await bench.model.stop();
process.stderr.write('\n');
console.log(`Node ${process.version}, ${describeMachine()}, ${Math.round((performance.now() - startedMs) / 1000)} s\n`);
console.log(format(rows));
if (rows.some(({ what }) => what.includes('(*)'))) console.log(`\n${LONG_THREAD_NOTE}`);
// Idle connections of the clients would keep the process for a while.
process.exit(0);
