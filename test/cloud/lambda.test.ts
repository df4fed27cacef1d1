import { afterEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { MovedClock } from './harness/cloud-clock.ts';
import type { LambdaFunction } from './harness/lambda-function.ts';
import { openFunctions } from './harness/test-functions.ts';

const clock = new MovedClock();
const { open, closeAll } = openFunctions(clock);
afterEach(closeAll);

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

/** Time passes a second at a time: a timer that is not set yet is met by a later one. */
async function passUntil(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await clock.move(1000, true);
    await delay(5);
  }
}

interface Echoed {
  event: unknown;
  context: Record<string, unknown>;
  now: number;
  invocations: number;
  pid: number;
  env: Record<string, string>;
}

describe('an invocation', () => {
  it('has its event, its context and nothing of this process’s environment', async () => {
    process.env['OF_THE_DEVELOPER'] = 'x';
    const fn = open('plain.echo', { environment: { OWN: 'yes', NODE_OPTIONS: '--enable-source-maps' } });
    const { event, context, env, now } = (await fn.invoke({ a: [1, null] })) as Echoed;
    expect(event).toEqual({ a: [1, null] });
    expect(context).toMatchObject({ functionName: 'plain', functionVersion: '$LATEST', invokedFunctionArn: fn.spec.arn, memoryLimitInMB: '256', awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(context['remainingMs']).toBeGreaterThan(30_000);
    expect(context['remainingMs']).toBeLessThanOrEqual(60_000);
    expect(Math.abs(now - clock.nowMs())).toBeLessThan(20_000);
    expect(env).toMatchObject({ OWN: 'yes', AWS_ACCESS_KEY_ID: 'PlainFn.1', AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_REGION: 'us-east-1', _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-/) });
    expect(Object.keys(env)).not.toContain('OF_THE_DEVELOPER');
    expect(Object.keys(env)).not.toContain('HOME');
  });

  it.each([
    ['fails', 'TypeError', 'no such thing'],
    ['throwsText', 'string', 'only text'],
    ['exits', 'Runtime.ExitError', 'exit status 3'],
    ['dies', 'Runtime.ExitError', 'signal: killed'],
    ['rejectsAside', 'Runtime.UnhandledPromiseRejection', 'nobody waits'],
    ['waitsForNothing', 'Runtime.NodeJsExit', 'never settled'],
    ['missing', 'Runtime.HandlerNotFound', 'missing is undefined'],
  ])('of the handler %s fails with %s', async (handler, errorType, message) => {
    const fn = open(`plain.${handler}`);
    await expect(fn.invoke({})).rejects.toMatchObject({ name: 'InvocationFailed', errorType, message: expect.stringContaining(message) });
  });

  it('fails when the module cannot be loaded, each time', async () => {
    const fn = open('broken.handler');
    for (let n = 0; n < 2; n++) await expect(fn.invoke({})).rejects.toMatchObject({ errorType: 'Error', message: 'Error: cannot be loaded' });
    expect(fn.environments).toEqual([]);
  });

  it('is refused when its event is larger than Lambda takes', async () => {
    const fn = open('plain.nothing');
    await expect(fn.invoke('x'.repeat(6 * 1024 * 1024))).rejects.toMatchObject({ name: 'InvocationRefused' });
    expect(fn.invocations).toBe(0);
    expect(await fn.invoke('x'.repeat(6 * 1024 * 1024 - 2))).toBeNull();
  });

  it('has all its log lines when it ends', async () => {
    const fn = open('plain.logs');
    await fn.invoke({ words: ['a'] });
    expect(fn.logs.map(({ output, text: line, json }) => ({ output, line, json }))).toEqual(
      expect.arrayContaining([
        { output: 'stdout', line: '{"level":"INFO","words":["a"]}', json: { level: 'INFO', words: ['a'] } },
        { output: 'stdout', line: 'no newline', json: undefined },
        { output: 'stderr', line: 'plain words', json: undefined },
      ]),
    );
    expect(fn.logs).toHaveLength(3);
  });

  it('that fails leaves what Lambda’s runtime logs of it', async () => {
    const fn = open('plain.fails');
    await fn.invoke({}).catch(() => undefined);
    expect(fn.logs.map((line) => line.text).join('\n')).toMatch(/ERROR\tInvoke Error\t.*"errorType":"TypeError".*"secret":"field"/);
  });
});

describe('execution environments', () => {
  it('are used again, and are one for each invocation at a time', async () => {
    const fn = open('plain.echo');
    const first = (await fn.invoke(1)) as Echoed;
    const second = (await fn.invoke(2)) as Echoed;
    expect([second.pid, second.invocations]).toEqual([first.pid, 2]);
    const slow = open('plain.waits');
    const waited = Promise.all([1, 2, 3].map(() => slow.invoke({ ms: 30_000 })));
    await until(() => slow.environments.filter(({ isRunning }) => isRunning).length === 3);
    await clock.move(31_000, true);
    await waited;
    expect([slow.environments.length, slow.invocations, slow.underWay]).toEqual([3, 3, 0]);
    expect(slow.billedMs).toBeGreaterThanOrEqual(3);
  });

  it('are no more than allowed', async () => {
    const fn = open('plain.echo', {}, { mostEnvironments: 1 });
    const pids = (await Promise.all([1, 2, 3].map((n) => fn.invoke(n)))).map((result) => (result as Echoed).pid);
    expect(new Set(pids).size).toBe(1);
  });

  it('stand still between invocations: what was left to do goes on with the next one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lambda-'));
    const file = join(folder, 'left');
    const fn = open('plain.leaves');
    expect(await fn.invoke({ file, ms: 30 })).toBe('answered');
    // Long enough for the timer to have gone off, were the process awake.
    await delay(300);
    expect(existsSync(file)).toBe(false);
    await fn.invoke({ wait: 100 });
    expect(readFileSync(file, 'utf8')).toBe('done\n');
    rmSync(folder, { recursive: true });
  });

  it('die when they are killed, and another one takes over', async () => {
    const fn = open('plain.waits');
    const lost = fn.invoke({ ms: 60_000 });
    await until(() => fn.invocations === 1);
    const environment = fn.environmentOf('PlainFn.1');
    const pid = environment?.pid ?? 0;
    expect(isThere(pid)).toBe(true);
    await Promise.all([expect(lost).rejects.toMatchObject({ errorType: 'Runtime.ExitError' }), environment?.kill()]);
    expect([isThere(pid), fn.environmentOf('PlainFn.1')]).toEqual([false, undefined]);
    expect(await fn.invoke({ ms: 0 })).toEqual(expect.any(Number));
    expect(fn.environments.map(({ name }) => name)).toEqual(['PlainFn.2']);
  });

  it('are gone after close, stopped ones too', async () => {
    const fn = open('plain.echo');
    const { pid } = (await fn.invoke(0)) as Echoed;
    await fn.close();
    expect(isThere(pid)).toBe(false);
    await expect(fn.invoke(1)).rejects.toThrow('is closed');
  });
});

describe('time', () => {
  it('is the clock’s: for new environments, for stopped ones and for running ones', async () => {
    const fn = open('plain.echo');
    await clock.move(3_600_000, true);
    const early = (await fn.invoke(0)) as Echoed;
    expect(Math.abs(early.now - clock.nowMs())).toBeLessThan(20_000);
    await clock.move(3_600_000, true);
    const late = (await fn.invoke(0)) as Echoed;
    expect([late.pid, Math.abs(late.now - clock.nowMs()) < 20_000]).toEqual([early.pid, true]);
    const waiting = open('plain.waits');
    const waited = waiting.invoke({ ms: 50_000 });
    await until(() => waiting.environments.some(({ isRunning }) => isRunning));
    await clock.move(55_000, true);
    expect(Math.abs(((await waited) as number) - clock.nowMs())).toBeLessThan(20_000);
  });

  it('ends an invocation that takes longer than it may, and its environment', async () => {
    const fn = open('plain.waits');
    const late = fn.invoke({ ms: 120_000 });
    await until(() => fn.environments.some(({ isRunning }) => isRunning));
    await Promise.all([expect(late).rejects.toMatchObject({ errorType: 'Sandbox.Timedout', message: expect.stringContaining('Task timed out after 60.00 seconds') }), clock.move(61_000, true)]);
    expect(fn.environments).toEqual([]);
  });
});

describe('a streamed answer', () => {
  it('has status, headers and body', async () => {
    const fn = open('streamed.whole');
    const { statusCode, headers, body, ended } = await fn.invokeStreaming({ a: 1 });
    expect([statusCode, headers]).toEqual([201, { 'content-type': 'application/json', 'x-own': 'yes' }]);
    expect(await text(body)).toBe('{"a":1}');
    await ended;
  });

  it('comes in pieces, each when it is written', async () => {
    const fn = open('streamed.pieces', { timeoutS: 900 });
    const { body, ended } = await fn.invokeStreaming({ body: JSON.stringify({ count: 3, everyMs: 20_000 }) });
    let read = '';
    body.on('data', (chunk: Buffer) => (read += chunk.toString()));
    for (let n = 1; n <= 3; n++) {
      await until(() => read.includes(`piece ${n}`));
      await clock.move(10_000, true);
      expect(read).not.toContain(`piece ${n + 1}`);
      await passUntil(() => fn.underWay === 0 || read.includes(`piece ${n + 1}`));
    }
    await ended;
    expect(fn.logs.at(-1)?.json).toEqual({ message: 'all told' });
  });

  it('may be whole long before the invocation ends', async () => {
    const fn = open('streamed.lingers', { timeoutS: 900 });
    const { body, ended } = await fn.invokeStreaming({});
    expect(await text(body)).toBe('short');
    expect(fn.underWay).toBe(1);
    await passUntil(() => fn.underWay === 0);
    await ended;
  });

  it.each([
    ['failsFirst', 'Error'],
    ['noPrelude', 'MalformedResponse'],
  ])('that never begins (%s) rejects', async (handler, errorType) => {
    await expect(open(`streamed.${handler}`).invokeStreaming({})).rejects.toMatchObject({ errorType });
  });

  it.each([
    ['failsLater', 'Error'],
    ['diesLater', 'Runtime.ExitError'],
    ['neverEnds', 'Runtime.NodeJsExit'],
  ])('that breaks off (%s) ends with an error', async (handler, errorType) => {
    const { body, ended } = await open(`streamed.${handler}`).invokeStreaming({});
    let read = '';
    body.on('data', (chunk: Buffer) => (read += chunk.toString()));
    await Promise.all([new Promise<void>((resolve) => body.once('error', () => resolve())), expect(ended).rejects.toMatchObject({ errorType })]);
    expect(read.trim()).toBe('begun');
  });
});

it('finds a handler’s file or says that there is none', async () => {
  const fn: LambdaFunction = open('nowhere.handler');
  await expect(fn.invoke({})).rejects.toThrow('there is no nowhere');
});
