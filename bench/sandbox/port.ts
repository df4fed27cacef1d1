/** The sandbox by itself: how long a session takes to be there with its first result, and every further result in it. */
import { join } from 'node:path';
import { systemClock } from '../../shared/domain/clock.ts';
import { makeSandbox } from '../../shared/embedded/sandbox.ts';
import { timed } from '../support/measure.ts';
import { newFolder } from '../support/processes.ts';
import { type Row, held, ms } from '../support/table.ts';
import { MOST_MS, spread } from './spread.ts';

const SESSIONS = 40;
const EXECUTIONS = 1_000;
export const COLD_AIM_MS = 500;
export const WARM_AIM_MS = 30;

export async function measurePort(): Promise<Row[]> {
  const sandbox = makeSandbox({ clock: systemClock, folder: join(newFolder(), 'sandbox') });
  const sum = async (session: string) => {
    const { logs } = await sandbox.execute(session, '1+1');
    if (logs !== '2\n') throw new Error(`1+1 was ${JSON.stringify(logs)}`);
  };
  const begin = async (): Promise<number> => {
    let session = '';
    const took = await timed(async () => {
      session = await sandbox.open();
      await sum(session);
    });
    await sandbox.close(session);
    return took;
  };
  try {
    const first = await begin();
    const cold: number[] = [];
    const warm: number[] = [];
    for (const untilMs = performance.now() + MOST_MS; cold.length < SESSIONS && performance.now() < untilMs; ) cold.push(await begin());
    const session = await sandbox.open();
    await sum(session);
    for (const untilMs = performance.now() + MOST_MS; warm.length < EXECUTIONS && performance.now() < untilMs; ) warm.push(await timed(() => sum(session)));
    return [
      held('a session and its first 1+1, the first of a process', first, ms, { most: COLD_AIM_MS }),
      ...spread(`a session and its first 1+1, ${cold.length} times`, cold, COLD_AIM_MS),
      ...spread(`1+1 in a session that is there, ${warm.length} times`, warm, WARM_AIM_MS),
    ];
  } finally {
    await sandbox.stop();
  }
}
