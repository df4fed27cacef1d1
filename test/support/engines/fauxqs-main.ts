/** fauxqs (SQS and S3) on loopback alone, which its own command would not do, on a clock that the parent may hold. */
import { buildApp } from 'fauxqs';
import type { AddressInfo } from 'node:net';
import { holdDate } from './held-date.ts';

const app = buildApp({ logger: false });
await app.listen({ port: 0, host: '127.0.0.1' });

let move: ((nowMs: number) => void) | undefined;
process.on('message', ({ id, nowMs }: { id: number; nowMs: number }) => {
  if (move) move(nowMs);
  else move = holdDate(nowMs);
  process.send?.({ answerTo: id });
});
process.send?.({ port: (app.server.address() as AddressInfo).port });
