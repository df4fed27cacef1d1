import { RequestError } from '../domain/errors.ts';
import type { Emit } from '../domain/run-event.ts';
import { toWireError } from '../wire/errors.ts';
import type { StepView } from '../wire/run-step.ts';
import { DONE_FRAME, PING_FRAME, errorFrame, toFrame } from '../wire/sse.ts';
import type { Service } from './service.ts';

/** Silence after which a comment is sent; proxies commonly give up after 60 s, API Gateway's edge after 30 s. */
const PING_AFTER_MS = 15_000;

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // Tells nginx not to hold the events back.
  'x-accel-buffering': 'no',
};

/** Tells what happens to `emit`; `gone` aborts when there is nobody to be told any more. */
export type Produce = (emit: Emit, gone: AbortSignal) => Promise<void>;

interface Options {
  /** Nothing begins before the response is read: for what only looks on, and so need not be done when nobody does. */
  isLazy?: boolean;
  /** How steps are told. */
  view?: StepView | undefined;
}

/** A response that tells what `produce` emits. When the client leaves, `produce` may go on and talks to nobody. */
export function eventStream({ world, background }: Service, produce: Produce, { isLazy = false, view }: Options = {}): Response {
  const encoder = new TextEncoder();
  const gone = new AbortController();
  let stop: () => void = () => undefined;
  let hasBegun = false;
  const begin = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    hasBegun = true;
    let waiting: string[] = [];
    let isOpen = true;
    let cancelPing = () => undefined as void;

    const flush = () => {
      if (!isOpen || waiting.length === 0) return;
      controller.enqueue(encoder.encode(waiting.join('')));
      waiting = [];
      cancelPing();
      cancelPing = world.clock.after(PING_AFTER_MS, ping);
    };
    const ping = () => {
      send(PING_FRAME);
    };
    const send = (frame: string) => {
      if (!isOpen) return;
      // What is told in one turn of the event loop leaves in one write.
      if (waiting.length === 0) setImmediate(flush);
      waiting.push(frame);
    };
    stop = () => {
      isOpen = false;
      cancelPing();
    };

    const produced = produce((event) => send(toFrame(event, view)), gone.signal)
      .catch((error: unknown) => {
        if (!(error instanceof RequestError)) world.log.error('request_failed', { error });
        send(errorFrame(toWireError(error as Error).body));
      })
      .finally(() => {
        send(DONE_FRAME);
        flush();
        if (isOpen) controller.close();
        stop();
      });
    background?.(produced);
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (!isLazy) begin(controller);
      },
      pull(controller) {
        if (!hasBegun) begin(controller);
      },
      cancel() {
        stop();
        gone.abort();
      },
    },
    // Without room for a chunk nothing is pulled until somebody reads.
    isLazy ? { highWaterMark: 0 } : undefined,
  );
  return new Response(body, { headers: HEADERS });
}
