/** A client of a deployment whose Lambdas die, and the time that goes by until others take over from them. */
import { setTimeout as delay } from 'node:timers/promises';
import OpenAI, { APIError } from 'openai';
import type { Survivor } from '../../crash/crashable.ts';
import type { CloudServer } from '../harness/cloud-server.ts';
import type { Saboteur } from './saboteur.ts';

const STEP_MS = 4000;
/** Generous: longer than any lease, any message's hiding and any pause between attempts takes. */
const LONGEST_MS = 20 * 60_000;
const WITHIN_MS = 90_000;
/** Leaves room between two looks for the deployment to be quiet. */
const LOOK_EVERY_MS = 40;
/** What API Gateway says when a Lambda has died. */
const BAD_GATEWAY = 502;

export class CloudSurvivor implements Survivor {
  readonly client: OpenAI;
  readonly server: CloudServer;
  readonly #saboteur: Saboteur;

  constructor(server: CloudServer, saboteur: Saboteur) {
    this.server = server;
    this.#saboteur = saboteur;
    this.client = new OpenAI({ baseURL: server.baseUrl, apiKey: server.key, maxRetries: 0 });
  }

  /** What happened to a request by itself, without any death, comes through. */
  async survive<T>(act: (client: OpenAI) => Promise<T>): Promise<T | undefined> {
    const { deaths } = this.#saboteur;
    const before = deaths.length;
    try {
      return await act(this.client);
    } catch (error) {
      const wasCut = !(error instanceof APIError) || error.status === undefined || error.status === BAD_GATEWAY;
      if (!wasCut || deaths.length === before) throw error;
      return undefined;
    }
  }

  async insist<T>(act: (client: OpenAI) => Promise<T>): Promise<T> {
    for (;;) {
      const answer = await this.survive(act);
      if (answer !== undefined) return answer;
    }
  }

  /** Once something has died, time flies between two looks: others take over when leases and messages' hiding are over, not before. */
  async eventually<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
    const untilMs = performance.now() + WITHIN_MS;
    for (let passedMs = 0; ; ) {
      const found = await probe();
      if (found !== undefined) return found;
      if (performance.now() > untilMs || passedMs > LONGEST_MS) throw new Error(`not within ${passedMs} ms: ${what}`);
      if (this.#saboteur.deaths.length > 0) {
        await this.pass(STEP_MS);
        passedMs += STEP_MS;
      } else await delay(LOOK_EVERY_MS);
    }
  }

  /** In steps that are shorter than any lease's margin, each of which everything has caught up with. Where nothing is at work they may be longer. */
  async pass(ms: number, stepMs = STEP_MS): Promise<void> {
    const { deployment } = this.server;
    await deployment.quiet();
    for (let left = ms; left > 0; left -= stepMs) {
      await deployment.clock.move(Math.min(left, stepMs), true);
      await deployment.quiet();
    }
  }
}
