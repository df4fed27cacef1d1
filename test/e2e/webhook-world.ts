/** The one-process server in this very process, on a clock that stands still and with an outside that answers as it is told. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import OpenAI from 'openai';
import { readEnv } from '../../local/env.ts';
import { type Running, serve } from '../../local/serve.ts';
import type { Clock } from '../../shared/domain/clock.ts';
import type { EmbeddedWorld } from '../../shared/embedded/index.ts';
import type { OutboundRequest } from '../../shared/ports/outbound.ts';
import { ManualClock } from '../support/manual-clock.ts';
import type { WireDelivery } from './webhook-calls.ts';

/** Resolves to the status that comes back; rejects as the port does. */
export type Answer = (request: OutboundRequest) => Promise<number>;

export class WebhookWorld<C extends Clock = ManualClock> implements AsyncDisposable {
  readonly clock: C;
  readonly client: OpenAI;
  /** The ids of events, in the order in which they were sent. */
  readonly sent: { url: string; id: string; type: string; atMs: number }[] = [];
  answer: Answer = () => Promise.resolve(200);
  readonly running: Running;
  readonly #folder: string;

  /** `each` sees every feed event that was handled, and hands it on as often as it likes. */
  static async start(options: { each?: (tell: () => Promise<void>) => Promise<void> } = {}): Promise<WebhookWorld> {
    return WebhookWorld.startOn(new ManualClock(), options);
  }

  static async startOn<C extends Clock>(clock: C, { each = (tell: () => Promise<void>) => tell() } = {}): Promise<WebhookWorld<C>> {
    const folder = mkdtempSync(join(tmpdir(), 'threadkeep-webhooks-'));
    const made: { world?: WebhookWorld<C> } = {};
    const wrap = (embedded: EmbeddedWorld): EmbeddedWorld => ({
      ...embedded,
      outbound: {
        check: () => undefined,
        async post(request) {
          const { world } = made;
          if (!world) throw new Error('sent before anybody asked for it');
          const { id, type } = JSON.parse(request.body) as { id: string; type: string };
          world.sent.push({ url: request.url, id, type, atMs: clock.nowMs() });
          return { status: await world.answer(request), body: new Uint8Array(), isCut: false };
        },
      },
      feed: { consume: (handle) => embedded.feed.consume((event) => each(() => handle(event))) },
    });
    const running = await serve(readEnv({ DATA_DIR: folder, PORT: '0', LOG: 'off' }), { clock, wrap });
    return (made.world = new WebhookWorld(clock, running, folder));
  }

  private constructor(clock: C, running: Running, folder: string) {
    this.clock = clock;
    this.running = running;
    this.#folder = folder;
    this.client = new OpenAI({ baseURL: running.baseUrl, apiKey: 'sk-local', maxRetries: 0 });
  }

  async endpoint(url: string, ...types: string[]): Promise<string> {
    const { id } = await this.client.webhooks.create({ name: url, url, event_types: types as never });
    return id;
  }

  async log(endpointId: string): Promise<WireDelivery[]> {
    return ((await this.client.get(`/webhook_endpoints/${endpointId}/deliveries`)) as { data: WireDelivery[] }).data;
  }

  async replay(endpointId: string, deliveryId: string): Promise<WireDelivery> {
    return this.client.post(`/webhook_endpoints/${endpointId}/deliveries/${deliveryId}/replay`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running.stop();
    rmSync(this.#folder, { recursive: true });
  }
}

/** Waits, without the clock, for what the server does by itself. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns++) {
    if (turns === 200_000) throw new Error(`never: ${what}`);
    await turn();
  }
}
