import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { Child, freePort } from './child.ts';

const TRIES = 5;

/** DynamoDB, in memory. */
export class Dynoxide {
  readonly endpoint: string;
  readonly #child: Child;

  private constructor(child: Child, endpoint: string) {
    this.#child = child;
    this.endpoint = endpoint;
  }

  /** It cannot choose a port by itself, so another program may be faster: then the next one is tried. */
  static async start(): Promise<Dynoxide> {
    const program = programOf(`${process.platform}-${process.arch}`);
    for (let tries = 1; ; tries++) {
      const port = await freePort();
      const child = new Child(program, ['serve', '--host', '127.0.0.1', '--port', String(port)]);
      const endpoint = `http://127.0.0.1:${port}`;
      try {
        await child.within(answers(endpoint));
        return new Dynoxide(child, endpoint);
      } catch (error) {
        await child.stop();
        if (tries === TRIES) throw error;
      }
    }
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }
}

function programOf(platform: string): string {
  try {
    return createRequire(import.meta.url).resolve(`@dynoxide/${platform}/dynoxide`);
  } catch (cause) {
    throw new Error(`the engine that stands in for DynamoDB is installed on Linux x64 alone; this is ${platform}`, { cause });
  }
}

/** Resolves when something answers there. A child that has ended meanwhile is noticed by who waits for this. */
async function answers(endpoint: string): Promise<void> {
  for (;;) {
    try {
      await fetch(endpoint, { method: 'POST', headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' }, body: '{}' });
      return;
    } catch {
      await delay(10);
    }
  }
}
