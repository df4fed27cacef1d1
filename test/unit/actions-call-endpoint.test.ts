/** One call of a function: what its endpoint is told, how long it has, and what the model is told of an answer that did not come. */
import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { callEndpoint } from '../../shared/actions/call-endpoint.ts';
import type { ToolEndpoint } from '../../shared/domain/tool-endpoint.ts';
import { type FunctionAnswer, type FunctionRequest, FunctionUnavailableError } from '../../shared/ports/functions.ts';
import { type OutboundRequest, type OutboundResponse, UnreachableError, UnsafeUrlError } from '../../shared/ports/outbound.ts';
import { ManualClock, START_MS } from '../support/manual-clock.ts';
import { aRun, aStep, aToolEndpoint } from '../support/records.ts';

const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:weather';
const CALL = { id: 'call_1', type: 'function' as const, name: 'weather', arguments: '{"n":1}' };
const problem = (what: string) => `Error: the endpoint of "weather" ${what}.`;
const says = (status: number, body = '', isCut = false): OutboundResponse => ({ status, body: Buffer.from(body), isCut });
const failed = (error: Error) => () => Promise.reject(error);

interface Setting {
  endpoint?: Partial<ToolEndpoint> | 'none';
  /** One for each time that it is asked. */
  answers?: ((request: OutboundRequest) => Promise<OutboundResponse>)[];
  functions?: ((request: FunctionRequest) => Promise<FunctionAnswer>)[];
  allowed?: string[];
  /** Of the run, when it is called. */
  leftMs?: number;
}

function begin({ endpoint = {}, answers = [], functions = [], allowed = [ARN], leftMs = 600_000 }: Setting) {
  const clock = new ManualClock();
  const posted: OutboundRequest[] = [];
  const invoked: FunctionRequest[] = [];
  const logged: object[] = [];
  const controller = new AbortController();
  const tooOften = failed(new Error('asked once too often'));
  const world = {
    clock,
    log: { info: (code: string, fields?: object) => void logged.push({ code, ...fields }), error: () => undefined },
    outbound: { check: () => undefined, post: (request: OutboundRequest) => (posted.push(request), (answers.shift() ?? tooOften)(request)) },
    functions: { mayInvoke: (arn: string) => allowed.includes(arn), invoke: (request: FunctionRequest) => (invoked.push(request), (functions.shift() ?? tooOften)(request)) },
  };
  const run = aRun('in_progress', { expiresAtMs: START_MS + leftMs });
  const step = aStep('in_progress', { createdAtMs: START_MS - 1500, details: { type: 'tool_calls', toolCalls: [{ ...CALL, id: 'call_0' }, CALL] } });
  const found = endpoint === 'none' ? undefined : aToolEndpoint({ id: 'weather', ...endpoint });
  const output = callEndpoint(world, { endpoint: found, call: CALL, step, run }, controller.signal);
  output.catch(() => undefined);
  return { output, clock, posted, invoked, logged, run, webhookId: `${step.id}_1`, abort: (reason: Error) => controller.abort(reason) };
}
const given = (text: string, isFailed = false) => () => Promise.resolve({ body: Buffer.from(text), failed: isFailed });

describe('a call of a URL', () => {
  it('is signed, with an id that no other call has, by every secret that is in force', async () => {
    const secrets = ['a', 'b', 'c'].map((letter) => `whsec_${Buffer.from(letter.repeat(32)).toString('base64')}`);
    const [now = '', still = '', over = ''] = secrets;
    const { output, posted, run, webhookId } = begin({ answers: [() => Promise.resolve(says(200, 'fine'))], endpoint: { secrets: [{ secret: now }, { secret: still, untilMs: START_MS + 1 }, { secret: over, untilMs: START_MS }] } });
    expect(await output).toBe('fine');
    const [request] = posted;
    expect(request).toMatchObject({ url: 'https://example.com/weather', timeoutMs: 480_000, mostBytes: 524_288 });
    expect(request?.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': webhookId, 'webhook-timestamp': String(START_MS / 1000) });
    expect(JSON.parse(request?.body ?? '')).toEqual({ id: 'call_1', object: 'thread.run.tool_call', type: 'function', function: { name: 'weather', arguments: '{"n":1}' }, thread_id: run.threadId, run_id: run.id, assistant_id: run.assistantId, created_at: START_MS / 1000 - 2 });
    const signatures = request?.headers['webhook-signature']?.split(' ') ?? [];
    expect(signatures).toEqual([now, still].map((secret) => new Webhook(secret).sign(webhookId, new Date(START_MS), request?.body ?? '')));
  });

  it.each<[string, () => Promise<OutboundResponse>, string]>([
    ['500', () => Promise.resolve(says(500)), problem('answered with status 500')],
    ['a redirect', () => Promise.resolve(says(307)), problem('answered with status 307')],
    ['too much', () => Promise.resolve(says(200, 'x', true)), problem('answered with more than 524288 bytes')],
    ['an address inside', failed(new UnsafeUrlError('leads to 10.0.0.1')), problem('could not be reached')],
  ])('that meets %s is not made again', async (_, answer, output) => {
    const stage = begin({ answers: [answer] });
    expect(await stage.output).toBe(output);
    expect(stage.posted).toHaveLength(1);
  });

  it('that finds nobody is made once more, a second later', async () => {
    const { output, posted, clock, logged } = begin({ answers: [failed(new UnreachableError('refused')), () => Promise.resolve(says(200, 'at last'))] });
    await turn();
    await clock.pass(999);
    expect(posted).toHaveLength(1);
    await clock.pass(1);
    expect(await output).toBe('at last');
    expect(posted.map(({ timeoutMs }) => timeoutMs)).toEqual([480_000, 479_000]);
    expect(logged).toMatchObject([{ code: 'tool_call_failed', callId: 'call_1', reason: 'refused' }]);
  });

  it('tells the model nothing of where it went', async () => {
    const { output, clock } = begin({ answers: [failed(new UnreachableError('no way to 10.1.2.3')), failed(new UnreachableError('no way to 10.1.2.3'))] });
    await clock.pass(1000);
    expect(await output).toBe(problem('could not be reached'));
  });

  it('whose time is up before it could be made again is not', async () => {
    const { output, posted } = begin({ answers: [() => Promise.resolve(says(503))], endpoint: { timeoutSeconds: 1 } });
    expect(await output).toBe(problem('answered with status 503'));
    expect(posted).toHaveLength(1);
  });

  it('that was too slow says how long it had', async () => {
    const late = async () => {
      await turn();
      clock.advance(60_000);
      throw new UnreachableError('took longer');
    };
    const { output, clock } = begin({ answers: [late], endpoint: { timeoutSeconds: 60 } });
    expect(await output).toBe(problem('did not answer within 60 seconds'));
  });

  it.each([
    [600_000, 480_000],
    [480_000, 465_000],
    [60_000, 45_000],
    [8000, 6000],
    [0, undefined],
  ])('with %i ms of the run left has %p', async (leftMs, timeoutMs) => {
    const { output, posted } = begin({ leftMs, answers: [() => Promise.resolve(says(200, 'fine'))] });
    expect(await output).toBe(timeoutMs === undefined ? problem('did not answer in time') : 'fine');
    expect(posted[0]?.timeoutMs).toBe(timeoutMs);
  });

  it('is given up at once when nobody waits any more', async () => {
    const gone = new Error('gone');
    const { output, posted, abort } = begin({ answers: [() => Promise.resolve(says(503))] });
    await turn();
    abort(gone);
    await expect(output).rejects.toBe(gone);
    expect(posted).toHaveLength(1);
  });

  it('whose failure is our own is no text for the model', async () => {
    await expect(begin({ answers: [failed(new TypeError('our bug'))] }).output).rejects.toThrow('our bug');
  });

  it('has no endpoint any more: the model is told', async () => {
    expect(await begin({ endpoint: 'none' }).output).toBe(problem('is not there any more'));
  });
});

describe('a call of a Lambda function', () => {
  const endpoint = { target: { lambdaArn: ARN } };

  it.each([
    ['"sunny"', 'sunny'],
    ['{"output":"sunny","at":3}', 'sunny'],
    ['{"temperature":21}', '{"temperature":21}'],
    ['"{\\"output\\":\\"sunny\\"}"', 'sunny'],
    ['21', '21'],
    ['null', ''],
    ['', ''],
  ])('that is answered with %s gives %p', async (body, output) => {
    const stage = begin({ endpoint, functions: [given(body)] });
    expect(await stage.output).toBe(output);
    expect(stage.invoked).toMatchObject([{ arn: ARN, timeoutMs: 480_000 }]);
    expect(JSON.parse(stage.invoked[0]?.payload ?? '')).toMatchObject({ id: 'call_1', object: 'thread.run.tool_call', function: { name: 'weather', arguments: '{"n":1}' } });
    expect(stage.posted).toEqual([]);
  });

  it.each([
    ['that fails itself', given('{"errorMessage":"secret"}', true), problem('failed')],
    ['that says too much', given('x'.repeat(524_289)), problem('answered with more than 524288 bytes')],
    ['that may not be called', failed(new FunctionUnavailableError('AccessDenied', false)), problem('could not be reached')],
  ])('%s is not made again', async (_, answer, output) => {
    const stage = begin({ endpoint, functions: [answer] });
    expect(await stage.output).toBe(output);
    expect(stage.invoked).toHaveLength(1);
  });

  it('that is throttled is made once more', async () => {
    const stage = begin({ endpoint, functions: [failed(new FunctionUnavailableError('TooManyRequests', true)), given('"sunny"')] });
    await stage.clock.pass(1000);
    expect(await stage.output).toBe('sunny');
  });

  it('that the operator has taken back is not made', async () => {
    const stage = begin({ endpoint, allowed: [] });
    expect(await stage.output).toBe(problem('may not be called by this server any more'));
    expect(stage.invoked).toEqual([]);
  });
});
