import { expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { type Produce, eventStream } from '../../shared/http/event-stream.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { aThread } from '../support/records.ts';
import { bareWorld } from './bare-world.ts';

/** Something that tells one thing and then waits until nobody listens. */
function start(options: { isLazy?: boolean }) {
  const seen = { begun: false, gone: false };
  const clock = new ManualClock();
  const service = { world: bareWorld({ clock }), signals: new RunSignals(), maxBodyBytes: 0, corsOrigins: [] };
  const produce: Produce = async (emit, gone) => {
    seen.begun = true;
    emit({ type: 'thread.created', thread: aThread() });
    await new Promise<void>((resolve) => gone.addEventListener('abort', () => ((seen.gone = true), resolve())));
  };
  const { body } = eventStream(service, produce, options);
  if (!body) throw new Error('no body');
  return { seen, clock, body };
}

it('begins at once, whether or not anybody reads', () => {
  expect(start({}).seen).toEqual({ begun: true, gone: false });
});

it('begins only when it is read where nobody else needs it, as for a HEAD request', async () => {
  const { seen, body, clock } = start({ isLazy: true });
  await turn();
  expect([seen, clock.pending]).toEqual([{ begun: false, gone: false }, 0]);

  const { value } = (await body.getReader().read()) as { value?: Uint8Array };
  expect(Buffer.from(value ?? []).toString()).toMatch(/^event: thread\.created\n/);
  expect(seen.begun).toBe(true);
});

it('tells its source when its reader has gone, and pings nobody any more', async () => {
  const { seen, clock, body } = start({ isLazy: true });
  const reader = body.getReader();
  await reader.read();
  expect(clock.pending).toBe(1);

  await reader.cancel();
  await turn();
  expect([seen.gone, clock.pending]).toEqual([true, 0]);
});
