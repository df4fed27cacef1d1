/** The one-process server: the embedded world, its workers and the HTTP front, wired together. */
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { reapRemoved } from '../shared/actions/reap-removed.ts';
import { tellWebhooks } from '../shared/actions/tell-webhooks.ts';
import { type Clock, orAbort, systemClock, within } from '../shared/domain/clock.ts';
import { type EmbeddedWorld, openEmbeddedWorld } from '../shared/embedded/index.ts';
import { handleJob } from '../shared/engine/handle-job.ts';
import { RunSignals } from '../shared/engine/run-signals.ts';
import { makeApp } from '../shared/http/app.ts';
import { type Env, allowedHosts, mayAskLoopback, toConfig } from './env.ts';
import { makeHttpServer } from './http-server.ts';
import { jsonLog } from './log.ts';

/** What is still there then ends by itself when this process does (docs/sandbox.md). */
const STOPPED_WITHIN_MS = 5_000;

export interface Running {
  /** http://host:port/v1 */
  baseUrl: string;
  world: EmbeddedWorld;
  /** Stops taking requests and jobs, drops what is under way, closes the files and ends what code is at work. Runs go on at the next start. */
  stop(): Promise<void>;
}

export interface Options {
  clock?: Clock;
  /** Puts something between the engine and the world, as the crash tests do. */
  wrap?: (world: EmbeddedWorld) => EmbeddedWorld;
}

export async function serve(env: Env, { clock = systemClock, wrap = (world) => world }: Options = {}): Promise<Running> {
  const log = jsonLog(env.LOG);
  const world = wrap(
    await openEmbeddedWorld({
      dataFolder: env.DATA_DIR,
      model: { baseUrl: env.MODEL_BASE_URL, apiKey: env.MODEL_API_KEY, aliases: env.MODEL_ALIASES },
      config: toConfig(env),
      clock,
      log,
      loopback: mayAskLoopback(env),
      codeInterpreter: { python: env.PYTHON, withoutIsolation: env.CODE_INTERPRETER_WITHOUT_ISOLATION !== undefined },
    }),
  );
  const signals = new RunSignals();
  const app = makeApp({ world, signals, maxBodyBytes: env.MAX_BODY_BYTES, corsOrigins: env.CORS_ORIGINS, allowedHosts: allowedHosts(env) });
  const server = makeHttpServer((request) => app.fetch(request));
  try {
    await listen(server, env.PORT, env.HOST);
  } catch (error) {
    world.close();
    throw error;
  }
  const workers = [
    world.queue.consume((delivery) => handleJob(world, signals, delivery)),
    world.feed.consume(async (event) => {
      await tellWebhooks(world, event);
      if (event.type === 'removed') await reapRemoved(world, event);
    }),
  ];
  const { address, port, family } = server.address() as AddressInfo;
  return {
    baseUrl: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/v1`,
    world,
    async stop() {
      // What is dropped half-way complains of a closed database; it is taken up again at the next start.
      log.mute();
      for (const worker of workers) worker.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      await within(systemClock, { ms: STOPPED_WITHIN_MS, late: () => new Error('What code_interpreter had begun did not end.') }, (signal) => orAbort(signal, world.stop()));
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
