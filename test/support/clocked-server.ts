/** The server as `npm start` wires it, but on a clock that its parent process moves: the main file of a child process. */
import { readEnv } from '../../local/env.ts';
import { serve } from '../../local/serve.ts';
import { TestClock } from './test-clock.ts';

/** What the parent asks for, as TestClock has it. */
export type ClockOrder = { skipMs: number } | { jumpMs: number } | { passMs: number };
/** The answer, once the time has gone by. */
export interface ClockMoved {
  nowMs: number;
}

const clock = new TestClock();
const running = await serve(readEnv(), { clock });

process.on('message', (order: ClockOrder) => {
  void move(order).then(() => process.send?.({ nowMs: clock.nowMs() } satisfies ClockMoved));
});
async function move(order: ClockOrder): Promise<void> {
  if ('skipMs' in order) clock.skip(order.skipMs);
  else if ('jumpMs' in order) clock.jump(order.jumpMs);
  else await clock.pass(order.passMs);
}

const stop = () => void running.stop().then(() => process.exit(0));
process.once('SIGTERM', stop);
process.once('disconnect', stop);
console.log(`ready ${running.baseUrl}`);
