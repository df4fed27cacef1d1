/** Single requests per second. */
import { type Bench, Lab } from '../support/lab.ts';
import { perSecond, rateOf } from '../support/measure.ts';
import { type Row, rate } from '../support/table.ts';

const WARM_UP_MS = 1000;
const WORK_MS = 3000;
const THREADS = 64;

export async function requests(bench: Bench): Promise<Row[]> {
  const lab = await Lab.open(bench);
  const { threads } = lab.kept.beta;
  // Adding goes to many threads in turn: additions to one and the same thread wait for each other.
  const targets = await Promise.all(Array.from({ length: THREADS }, () => lab.newThread()));
  let turn = 0;
  const nextTarget = () => targets[turn++ % THREADS] ?? '';
  const full = await threads.create({ messages: Array.from({ length: 100 }, (_, i) => ({ role: 'user' as const, content: `Message ${i}` })) });
  const run = await threads.runs.createAndPoll(await lab.newThread(), { assistant_id: lab.assistantId });

  const works: Record<string, () => Promise<unknown>> = {
    'thread create': () => threads.create(),
    'message add': () => threads.messages.create(nextTarget(), { role: 'user', content: 'One more' }),
    'list page of 100': () => threads.messages.list(full.id, { limit: 100 }),
    'run get': () => threads.runs.retrieve(run.id, { thread_id: run.thread_id }),
  };
  const rows: Row[] = [];
  for (const [what, work] of Object.entries(works)) {
    await rateOf(WARM_UP_MS, 16, work);
    const [one, sixteen] = [await rateOf(WORK_MS, 1, work), await rateOf(WORK_MS, 16, work)].map(perSecond);
    rows.push({ what: `${what}, at 1 and at 16`, value: `${rate(one ?? 0)} and ${rate(sixteen ?? 0)}` });
  }
  await lab.close();
  return rows;
}
