/** Resident memory of the server: idle after its start, and after ten thousand polled runs. */
import { type Bench, Lab } from '../support/lab.ts';
import { sleep } from '../support/measure.ts';
import { newFolder, rssMb, startServer } from '../support/processes.ts';
import { type Row, held, mb, ms, number } from '../support/table.ts';
import { bootTimes, STARTS } from './boot.ts';

const RUNS = 10_000;
/** A slow machine does fewer runs, and the row says how many. */
const MOST_MS = 75_000;
const SETTLE_MS = 3000;

export async function memory(bench: Bench): Promise<Row[]> {
  const untouched = await startServer(newFolder(), bench.model, bench.nodeArgs);
  await sleep(SETTLE_MS);
  const idle = rssMb(untouched.pid);
  await untouched.stop();

  const folder = newFolder();
  const lab = await Lab.open(bench, folder);
  const untilMs = performance.now() + MOST_MS;
  let done = 0;
  const hand = async () => {
    while (done < RUNS && performance.now() < untilMs) {
      done++;
      await lab.fullPolledRun();
    }
  };
  await Promise.all(Array.from({ length: 16 }, hand));
  await sleep(SETTLE_MS);
  const after = rssMb(lab.server.pid);
  await lab.close();
  const bootMs = await bootTimes(bench, () => folder);
  return [
    held('memory idle after start (VmRSS)', idle, mb, { most: 120 }),
    { what: `memory after ${number(done)} runs (VmRSS)`, value: mb(after) },
    held(`boot to ready, folder with ${number(done)} runs, median of ${STARTS}`, bootMs, ms, { most: 2000 }),
  ];
}
