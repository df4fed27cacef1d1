/** Whole runs per second. A full run is `threads.create` with one message, then `runs.createAndPoll` or a streamed `runs.create` read to its end. */
import { type Bench, Lab, POLLED_TOKENS, STREAM_TOKENS } from '../support/lab.ts';
import { perSecond, rateOf, ratesInTurns } from '../support/measure.ts';
import { type Row, held, number, rate } from '../support/table.ts';

const WARM_UP_MS = 3000;
const WORK_MS = 6000;

export async function runs(bench: Bench): Promise<Row[]> {
  const lab = await Lab.open(bench);
  const [polled, polledLong, streamed] = [() => lab.fullPolledRun(), () => lab.fullPolledRun(STREAM_TOKENS), () => lab.fullStreamedRun()];
  const measure = async (width: number, work: () => Promise<void>) => perSecond(await rateOf(WORK_MS, width, work));

  await rateOf(WARM_UP_MS, 16, polled);
  const rows: Row[] = [
    { what: `full runs, polled, ${POLLED_TOKENS} tokens, at 1`, value: rate(await measure(1, polled)) },
    held(`full runs, polled, ${POLLED_TOKENS} tokens, at 16`, await measure(16, polled), rate, { least: 300 }),
    { what: `full runs, polled, ${STREAM_TOKENS} tokens, at 16`, value: rate(await measure(16, polledLong)) },
  ];
  await rateOf(WARM_UP_MS, 16, streamed);
  rows.push({ what: `full runs, streamed, ${STREAM_TOKENS} tokens, at 1`, value: rate(await measure(1, streamed)) });
  const [direct, kept] = (await ratesInTurns(4, 2000, 16, [() => lab.directStream(), streamed])).map(perSecond);
  rows.push(
    held(`full runs, streamed, ${STREAM_TOKENS} tokens, at 16`, kept ?? 0, rate, { least: 150 }),
    { what: `  the same streams directly from the model, at 16`, value: `${rate(direct ?? 0)}  (Threadkeep reaches ${number((kept ?? 0) / (direct ?? 1))} of it)` },
  );
  await lab.close();
  return rows;
}
