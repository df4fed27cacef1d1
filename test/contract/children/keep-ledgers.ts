/**
 * Keeps two ledgers for ever, side by side so that their commits share transactions, and prints `ledger number` after each commit.
 * Entry n of a ledger is one change: its count, a message, a memory, a job, and a removed thread.
 */
import { writeSync } from 'node:fs';
import { systemClock } from '../../../shared/domain/clock.ts';
import { openFolder } from '../embedded-world.ts';
import { entry, LEDGERS, open } from '../ledger.ts';

const world = await openFolder(process.argv[2] ?? '', systemClock);

async function keep(name: string): Promise<never> {
  for (let thread = await open(world, name); ; ) {
    const { change, after } = entry(thread);
    await world.commit(change);
    thread = after;
    writeSync(1, `${name} ${after.rev}\n`);
  }
}

await Promise.all(LEDGERS.map(keep));
