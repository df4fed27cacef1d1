/** A deployment as the e2e scenarios see a server. */
import * as z from 'zod';
import type { ServerUnderTest } from '../../support/server-under-test.ts';
import type { WayOut } from '../../support/webhook-receiver.ts';
import type { Start } from '../../e2e/stage.ts';
import { AwsEngines } from '../../support/engines/aws-engines.ts';
import { MODEL_URL } from '../stages.ts';
import { cloudAssembly } from './assembly.ts';
import { Deployment } from './deployment.ts';

/** Time goes by in steps that are shorter than any lease's margin, each of which everything has caught up with before the next. */
const STEP_MS = 4000;

const Created = z.object({ key: z.string() });
const Revoked = z.object({ revoked: z.boolean() });

export class CloudServer implements ServerUnderTest {
  readonly deployment: Deployment;
  readonly key: string;
  readonly #engines: AwsEngines;
  readonly #expected = new Set<string>();
  readonly #told: string[] = [];

  private constructor(engines: AwsEngines, deployment: Deployment, key: string) {
    this.#engines = engines;
    this.deployment = deployment;
    this.key = key;
  }

  /** Deploys what was synthesized, on engines of its own, with a model at this URL. */
  static async start(modelUrl: string, assembly = cloudAssembly()): Promise<CloudServer> {
    const engines = await AwsEngines.start();
    try {
      const deployment = await Deployment.make({ assembly, engines, outside: { [MODEL_URL]: modelUrl }, secret: 'sk-upstream' });
      return new CloudServer(engines, deployment, await createKey(deployment));
    } catch (error) {
      await engines.stop();
      throw error;
    }
  }

  get baseUrl(): string {
    return `${this.deployment.apiUrl}/v1`;
  }

  get wayOut(): WayOut {
    return this.deployment.internet.wayOut;
  }

  createKey(project: string, name?: string): Promise<string> {
    return createKey(this.deployment, project, name);
  }

  async revokeKey(key: string): Promise<boolean> {
    return Revoked.parse(await this.deployment.fn('Keys').invoke({ do: 'revoke', key })).revoked;
  }

  async skip(ms: number): Promise<number> {
    await this.deployment.clock.move(ms, false);
    return this.deployment.clock.nowMs();
  }

  async jump(ms: number): Promise<number> {
    // What has happened is dated when it is read from the stream, and what is under way would take that long.
    if (ms > STEP_MS) await this.deployment.quiet();
    await this.deployment.clock.move(ms, true);
    await this.deployment.quiet();
    await this.deployment.sweep();
    return this.deployment.clock.nowMs();
  }

  async pass(ms: number): Promise<number> {
    for (let left = ms; left > 0; left -= STEP_MS) await this.jump(Math.min(left, STEP_MS));
    return this.deployment.clock.nowMs();
  }

  expectError(code: string): void {
    this.#expected.add(code);
  }

  /** Errors in the functions' logs, invocations that failed, and calls to AWS that no policy allows. */
  expectNoErrors(): void {
    const told = [...this.#told];
    const news = this.deployment.faults((code) => this.#expected.has(code)).filter((fault) => {
      const at = told.indexOf(fault);
      if (at !== -1) told.splice(at, 1);
      return at === -1;
    });
    this.#told.push(...news);
    if (news.length > 0) throw new Error(`the deployment has faults:\n${news.join('\n')}`);
  }

  async end(): Promise<void> {
    await this.deployment.close();
    await this.#engines.stop();
  }
}

async function createKey(deployment: Deployment, project?: string, name?: string): Promise<string> {
  return Created.parse(await deployment.fn('Keys').invoke({ do: 'create', project, name })).key;
}

/** The clock of a deployment can always be moved. */
export const onCloud: Start = (model) => CloudServer.start(model.baseUrl);
