/** fauxqs (SQS and S3) on loopback alone, which its own command would not do, on a clock that the parent may hold. */
import { buildApp } from 'fauxqs';
import type { AddressInfo } from 'node:net';
import { addConditionalPut } from './conditional-put.ts';
import { holdDate } from './held-date.ts';
import { ShiftedTime } from './shifted-time.ts';

/** Its time stands still at `nowMs`, or goes on with an offset. */
export type ClockQuestion = { nowMs: number } | { offsetMs: number; fire: boolean };

const app = buildApp({ logger: false });
addConditionalPut(app);
await app.listen({ port: 0, host: '127.0.0.1' });

let hold: ((nowMs: number) => void) | undefined;
let shifted: ShiftedTime | undefined;

async function move(question: ClockQuestion): Promise<void> {
  if ('offsetMs' in question) {
    shifted ??= ShiftedTime.install();
    await shifted.moveTo(question.offsetMs, question.fire);
  } else if (hold) hold(question.nowMs);
  else hold = holdDate(question.nowMs);
}

process.on('message', ({ id, ...question }: ClockQuestion & { id: number }) => {
  void move(question).then(() => process.send?.({ answerTo: id }));
});
process.send?.({ port: (app.server.address() as AddressInfo).port });
