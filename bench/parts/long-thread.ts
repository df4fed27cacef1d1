/** The same work on a thread of 100 and on one of 100,000 messages, in turns. */
import type OpenAI from 'openai';
import { type Bench, Lab } from '../support/lab.ts';
import { median, timed, times } from '../support/measure.ts';
import { newFolder, rssMb } from '../support/processes.ts';
import { longText, seedThread, shortText } from '../support/seed.ts';
import { type Row, mb, ms, number } from '../support/table.ts';

const SHORT = 100;
const LONG = 100_000;
const RATIO_AIM = 1.2;
/** Enough of the newest messages of the long thread to fill the model's window when they are long. */
const ENOUGH = 150;
const RUN_TOKENS = 20;
/** A busy machine counts fewer rounds. */
const MOST_MS = 12_000;

interface Pair {
  what: string;
  rounds: number;
  perRound: number;
  work: (threadId: string) => Promise<unknown>;
  /** False where the work itself differs, so that the aim does not apply. */
  isSameWork: boolean;
}

export async function longThread(bench: Bench): Promise<Row[]> {
  const folder = newFolder();
  const big = await seedThread(folder, LONG);
  const lab = await Lab.open(bench, folder);
  const { threads } = lab.kept.beta;
  const add = (threadId: string, content: string) => threads.messages.create(threadId, { role: 'user', content });
  const run = (truncation: OpenAI.Beta.Threads.RunCreateParams.TruncationStrategy) => (threadId: string) => lab.keptStream(threadId, { tokens: RUN_TOKENS, truncation });
  /** Made anew for each round, so that what a round adds does not make it long. */
  const small = async (text: (i: number) => string) => (await threads.create({ messages: Array.from({ length: SHORT }, (_, i) => ({ role: 'user' as const, content: text(i) })) })).id;

  const onShort: Pair[] = [
    { what: 'message add', rounds: 16, perRound: 20, isSameWork: true, work: (threadId) => add(threadId, 'One more') },
    { what: 'list page of 100', rounds: 16, perRound: 20, isSameWork: true, work: (threadId) => threads.messages.list(threadId, { limit: 100 }) },
    { what: 'run, last_messages 50', rounds: 16, perRound: 10, isSameWork: true, work: run({ type: 'last_messages', last_messages: 50 }) },
    { what: 'run, auto, short messages (*)', rounds: 3, perRound: 2, isSameWork: false, work: run({ type: 'auto' }) },
  ];
  const rows: Row[] = [];
  for (const pair of onShort) rows.push(await comparePair(pair, () => small(shortText), big));

  await times(ENOUGH, 1, () => add(big, longText(turn++)));
  // The same thread in each round: its messages' tokens are counted once, as the long thread's are.
  const filled = await small(longText);
  const full: Pair = { what: 'run, auto, ~1,300-token messages', rounds: 8, perRound: 4, isSameWork: true, work: run({ type: 'auto' }) };
  rows.push(await comparePair(full, () => Promise.resolve(filled), big));
  rows.push({ what: 'memory after these runs, token tables loaded (VmRSS)', value: mb(rssMb(lab.server.pid)) });
  await lab.close();
  return rows;
}

let turn = 0;

async function comparePair({ what, rounds, perRound, work, isSameWork }: Pair, small: () => Promise<string>, big: string): Promise<Row> {
  const smallMs: number[] = [];
  const bigMs: number[] = [];
  const untilMs = performance.now() + MOST_MS;
  for (let round = 0; round <= rounds && (round < 2 || performance.now() < untilMs); round++) {
    const threadId = await small();
    for (let i = 0; i < perRound; i++) {
      const [onSmall, onBig] = [await timed(() => work(threadId)), await timed(() => work(big))];
      // The first round warms up.
      if (round > 0) [smallMs, bigMs].forEach((list, at) => list.push(at === 0 ? onSmall : onBig));
    }
  }
  const ratio = median(bigMs) / median(smallMs);
  const value = `${number(ratio)} ×  (${ms(median(bigMs))} ÷ ${ms(median(smallMs))})`;
  return { what: `100,000 ÷ 100 messages: ${what}`, value, ...(isSameWork && { aim: `≤ ${RATIO_AIM} ×`, met: ratio <= RATIO_AIM }) };
}

export const LONG_THREAD_NOTE = `(*) Not the same work: the model's window of 128k tokens takes all of the 100 short messages, and thousands of the 100,000;
    that many are read, counted and sent. Where the window, or last_messages, holds as much of both, the rows beside it tell the cost.`;
