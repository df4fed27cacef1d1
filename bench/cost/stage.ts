/** The stacks deployed on engines, a scripted model, the official client, and what all of it has cost since it was last asked. */
import OpenAI from 'openai';
import type { Call, Outcome, Verdict } from '../../test/cloud/harness/aws-front.ts';
import type { LedgerEntry } from '../../test/cloud/harness/aws-ledger.ts';
import { CloudServer } from '../../test/cloud/harness/cloud-server.ts';
import { ScriptedModel, type Step } from '../../test/support/scripted-model.ts';
import { type Counts, TELLER, countsOf, sum } from './counts.ts';
import { Gate } from './gate.ts';
import { fill } from './threads.ts';
import { type Trip, Trips } from './trips.ts';

/** Later than the time at which something is due, by the difference of two clocks. */
const MARGIN_MS = 1500;
/** Longer than anything here takes on a busy machine. */
const REST_WITHIN_MS = 60_000;
/** A run leaves few jobs behind. */
const MOST_JUMPS = 20;

export class CostStage {
  readonly server: CloudServer;
  readonly model: ScriptedModel;
  readonly client: OpenAI;
  /** The worker may be given a job before the run that it is for is written; then it comes again, half a second later. Runs are counted without that race. */
  readonly worker: Gate;
  /** Asked since `take`. */
  calls: Call[] = [];
  /** Everything that was ever done for somebody, as `service:operation`. */
  readonly seen = new Map<string, Pick<LedgerEntry, 'service' | 'operation'>>();
  readonly #invocations = new Map<string, number>();
  #billedMs: Record<string, number> = {};
  #apiRequests = 0;
  #told = 0;
  #trips: Trips | undefined;

  private constructor(server: CloudServer, model: ScriptedModel) {
    this.server = server;
    this.model = model;
    this.worker = new Gate(server.deployment.fn('RunWorker').spec.id);
    this.client = new OpenAI({
      baseURL: server.baseUrl,
      apiKey: server.key,
      maxRetries: 0,
      fetch: (...request) => {
        this.#apiRequests++;
        return fetch(...request);
      },
    });
    server.deployment.front.intercept(async (call): Promise<Verdict> => {
      this.calls.push(call);
      await this.worker.wait(call);
      await this.#trips?.wait(call);
      return { afterwards: (done) => this.#dated(done) };
    });
  }

  /** Deploys the assembly that ASSEMBLY_VARIABLE names. */
  static async open(): Promise<CostStage> {
    const model = await ScriptedModel.start();
    const stage = new CostStage(await CloudServer.start(model.baseUrl), model);
    stage.take();
    return stage;
  }

  async close(): Promise<void> {
    await this.server.end();
    await this.model.close();
  }

  /** A thread with so many messages. */
  async newThread(messages: number): Promise<string> {
    const { id } = await this.client.beta.threads.create();
    await fill(this.server.deployment, id, messages);
    return id;
  }

  /** Resolves when nothing is left to do but for timers, however long it takes. */
  async settle(): Promise<void> {
    for (let jumps = 0; ; jumps++) {
      await this.#rest();
      const dues = await this.#dues();
      if (dues.length === 0) return;
      if (jumps === MOST_JUMPS) throw new Error('the queues do not empty');
      await this.move(Math.max(Math.min(...dues) - this.server.deployment.clock.nowMs(), 0) + MARGIN_MS);
    }
  }

  /** At once it is so much later, and all that was due meanwhile has happened. Nothing here lives long enough for DynamoDB to remove it. */
  async move(ms: number): Promise<void> {
    await this.server.deployment.clock.move(ms, true);
    await this.#rest();
  }

  /**
   * What was caused since the last time. Reads of the model's key are not in it: an environment makes one in five minutes. What the stream tells
   * comes in its own time: only `atRest` is it known how much that is.
   */
  take(atRest = true): Counts {
    const entries = this.server.deployment.front.takeLedger();
    for (const { service, operation } of entries) this.seen.set(`${service}:${operation}`, { service, operation });
    const counted = countsOf(entries.filter(({ service }) => service !== 'secretsmanager'));
    const counts: Counts = { ...counted, billed: { ...counted.billed, apiRequest: this.#apiRequests }, invocations: {}, told: atRest ? this.#takeTold() : 0 };
    this.#apiRequests = 0;
    this.calls = [];
    for (const { spec, invocations } of this.server.deployment.functions.values()) {
      const more = invocations - (this.#invocations.get(spec.id) ?? 0);
      this.#invocations.set(spec.id, invocations);
      if (more > 0 && nameOf(spec.id) !== TELLER) counts.invocations[nameOf(spec.id)] = more;
    }
    return sum([counts]);
  }

  #takeTold(): number {
    const { deployment } = this.server;
    const { passed = 0 } = deployment.mappings.streams.find(({ functionArn }) => functionArn === deployment.fn(TELLER).spec.arn) ?? {};
    const more = passed - this.#told;
    this.#told = passed;
    return more;
  }

  /** What invocations took on this machine, in ms, by the function's name, since the last time. */
  takeMs(): Record<string, number> {
    const all = Object.fromEntries([...this.server.deployment.functions.values()].map(({ spec, billedMs }) => [nameOf(spec.id), billedMs]));
    const news = Object.fromEntries(Object.entries(all).map(([name, ms]) => [name, ms - (this.#billedMs[name] ?? 0)]));
    this.#billedMs = all;
    return news;
  }

  /** What the functions have logged by themselves so far, in bytes. */
  get logBytes(): number {
    return [...this.server.deployment.functions.values()].flatMap(({ logs }) => logs).reduce((all, { text }) => all + Buffer.byteLength(text) + 1, 0);
  }

  /** How often calls that `isHeld` picks were waited for, one time after another, from the beginning of `work` until the model is asked. */
  async tripsOf(isHeld: (call: Call) => boolean, step: Step, work: () => Promise<unknown>): Promise<Trip[]> {
    const { front } = this.server.deployment;
    this.#trips = new Trips(front, isHeld, () => this.worker.waiting);
    try {
      this.model.script(step);
      const working = work();
      working.catch(() => undefined);
      const trips = await this.#trips.until(Promise.race([step.reached, working.then(() => step.reached)]));
      await working;
      return trips;
    } finally {
      this.#trips = undefined;
      this.worker.open();
      await this.settle();
      this.take();
    }
  }

  /** An answer says what time it is: the SDK tries again when that is another time than its own, and the call has failed. */
  #dated({ answer }: Call): Outcome {
    if (answer) answer.headers['date'] = new Date(this.server.deployment.clock.nowMs()).toUTCString();
    return 'pass';
  }

  /** No function runs and no request is under way. */
  async #rest(): Promise<void> {
    const { functions, http, mappings } = this.server.deployment;
    const isAtWork = () => http.underWay > 0 || mappings.busy || [...functions.values()].some(({ underWay }) => underWay > 0);
    const untilMs = performance.now() + REST_WITHIN_MS;
    do {
      await this.server.deployment.quiet();
      await Promise.all(mappings.streams.map((stream) => stream.idle()));
      if (performance.now() > untilMs) throw new Error('the deployment does not come to rest');
    } while (isAtWork());
  }

  async #dues(): Promise<number[]> {
    const { queues, engines } = this.server.deployment;
    return (await Promise.all(queues.map(({ name }) => engines.fauxqs.duesOf(name)))).flat();
  }
}

/** `ApiFn0123ABCD` is `Api`. */
const nameOf = (logicalId: string): string => logicalId.replace(/Fn[0-9A-F]{8}$/, '');

