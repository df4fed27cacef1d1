/** From the start of the process to its `ready` line, on new folders. */
import type { Bench } from '../support/lab.ts';
import { median } from '../support/measure.ts';
import { newFolder, startServer } from '../support/processes.ts';
import { type Row, held, ms } from '../support/table.ts';

export const STARTS = 5;

export async function bootTimes({ model }: Bench, folder: () => string): Promise<number> {
  const readyMs: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    const server = await startServer(folder(), model);
    readyMs.push(server.readyMs);
    await server.stop();
  }
  return median(readyMs);
}

export async function boot(bench: Bench): Promise<Row[]> {
  return [held(`boot to ready, new folder, median of ${STARTS}`, await bootTimes(bench, newFolder), ms, { most: 2000 })];
}
