/** For tests of what only the AWS adapters do: engines for the file, a world for each test, and relays in between. */
import { afterAll, afterEach, beforeEach, jest } from '@jest/globals';
import { AwsEngines } from '../support/engines/aws-engines.ts';
import { type Passed, Relay } from '../support/engines/relay.ts';
import { type AwsStage, makeAwsWorld } from './aws-world.ts';

let engines: Promise<AwsEngines> | undefined;

/** The engines of this test file. To be called once at its top, outside of tests. */
export function useEngines(): () => Promise<AwsEngines> {
  // Engines share a machine with everything else that runs there; no test waits for this.
  jest.setTimeout(180_000);
  afterAll(async () => {
    await (await engines)?.stop();
    engines = undefined;
  });
  return () => (engines ??= AwsEngines.start());
}

/** A world behind relays, and everything that passed them in order. */
export class Troubled {
  readonly journal: Passed[] = [];
  #stage: AwsStage | undefined;
  #relays: { db: Relay; sqs: Relay; s3: Relay; sfn: Relay } | undefined;

  get stage(): AwsStage {
    if (!this.#stage) throw new Error('there is no world outside a test');
    return this.#stage;
  }

  get db(): Relay {
    return this.relays.db;
  }

  get relays() {
    if (!this.#relays) throw new Error('there are no relays outside a test');
    return this.#relays;
  }

  async open(make: () => Promise<AwsEngines>): Promise<void> {
    const here = await make();
    const [db, sqs, s3, sfn] = await Promise.all([here.dynoxide.endpoint, here.fauxqs.endpoint, here.fauxqs.endpoint, here.machines.endpoint].map((engine) => Relay.start(engine, this.journal)));
    if (!db || !sqs || !s3 || !sfn) throw new Error('four engines, four relays');
    this.#relays = { db, sqs, s3, sfn };
    this.#stage = await makeAwsWorld(here, { clients: here.clients({ db: db.endpoint, sqs: sqs.endpoint, s3: s3.endpoint, sfn: sfn.endpoint }) });
    this.journal.length = 0;
  }

  /** The same data as another process finds it, no longer behind the relays. */
  async reopen(): Promise<AwsStage> {
    this.#stage = await this.stage.reopen();
    return this.#stage;
  }

  async close(): Promise<void> {
    await this.#stage?.close();
    await Promise.all(Object.values(this.#relays ?? {}).map((relay) => relay.close()));
    this.journal.length = 0;
  }

  /** The operations that passed, in order over all services. */
  get operations(): string[] {
    return this.journal.map(({ operation }) => operation);
  }
}

/** To be called inside `describe`. */
export function useTroubled(make: () => Promise<AwsEngines>): Troubled {
  const troubled = new Troubled();
  beforeEach(() => troubled.open(make));
  afterEach(() => troubled.close());
  return troubled;
}
