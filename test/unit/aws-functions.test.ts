/** Lambda functions, called over the service's own protocol by a stand-in that knows nothing else. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { makeClients } from '../../shared/aws/clients.ts';
import { makeFunctions } from '../../shared/aws/functions.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import { FunctionUnavailableError } from '../../shared/ports/functions.ts';
import { ManualClock } from '../support/manual-clock.ts';

const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:weather:live';
const INVOKE = `/2015-03-31/functions/${encodeURIComponent(ARN)}/invocations`;

let server: Server;
let invoked: { payload: string; type: string | undefined }[];
let unexpected: string[];
let answer: (response: ServerResponse, request: IncomingMessage) => void;
beforeEach(async () => {
  invoked = [];
  unexpected = [];
  server = createServer((request, response) => {
    void text(request).then((payload) => {
      if (request.method !== 'POST' || request.url !== INVOKE) {
        unexpected.push(`${request.method} ${request.url}`);
        return response.writeHead(404).end();
      }
      invoked.push({ payload, type: request.headers['x-amz-invocation-type']?.toString() });
      answer(response, request);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
  expect(unexpected).toEqual([]);
});

const { signal: never } = new AbortController();
function functions(clock: ManualClock | typeof systemClock = systemClock) {
  const endpoints = { lambda: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  const { lambda } = makeClients({ region: 'eu-west-1', credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }, endpoints });
  return makeFunctions({ lambda, clock, allowed: [ARN] });
}
const invoke = (signal = never) => functions().invoke({ arn: ARN, payload: '{"é":1}', timeoutMs: 10_000, signal });
const failure = async (call: Promise<unknown>): Promise<{ name: string; mayPass: unknown }> => {
  const error = await call.then(() => undefined, (reason: unknown) => reason);
  if (!(error instanceof FunctionUnavailableError)) throw new Error('not unavailable', { cause: error });
  return { name: error.message, mayPass: error.mayPass };
};
const refusal = (status: number, code: string) => (response: ServerResponse) => void response.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': code }).end(JSON.stringify({ Message: 'no' }));

describe('a function', () => {
  it('is called once with its payload, and its answer comes back', async () => {
    answer = (response) => response.writeHead(200).end('"sunny"');
    const { body, failed } = await invoke();
    expect([Buffer.from(body).toString(), failed]).toEqual(['"sunny"', false]);
    expect(invoked).toEqual([{ payload: '{"é":1}', type: 'RequestResponse' }]);
  });

  it('can be called as often at once as an answer of the model can ask for it, and more', async () => {
    const CALLS = 300;
    const waiting: ServerResponse[] = [];
    // None gets its answer before all are there.
    answer = (response) => {
      waiting.push(response);
      if (waiting.length === CALLS) for (const each of waiting) each.writeHead(200).end('"sunny"');
    };
    const all = functions();
    const answers = await Promise.all(Array.from({ length: CALLS }, () => all.invoke({ arn: ARN, payload: '{}', timeoutMs: 60_000, signal: never })));
    expect(answers).toHaveLength(CALLS);
  });

  it('that fails says so', async () => {
    answer = (response) => response.writeHead(200, { 'x-amz-function-error': 'Unhandled' }).end('{"errorMessage":"oh"}');
    expect((await invoke()).failed).toBe(true);
  });

  it.each([
    [429, 'TooManyRequestsException', true],
    [500, 'ServiceException', true],
    [502, 'EC2UnexpectedException', true],
    [403, 'AccessDeniedException', false],
    [404, 'ResourceNotFoundException', false],
  ])('that Lambda refuses with %i %s is asked once, and may pass: %p', async (status, code, mayPass) => {
    answer = refusal(status, code);
    expect(await failure(invoke())).toEqual({ name: code, mayPass });
    expect(invoked).toHaveLength(1);
  });

  it('that nobody answers for may be asked again', async () => {
    answer = (_response, request) => request.socket.destroy();
    expect(await failure(invoke())).toMatchObject({ mayPass: true });
    expect(invoked).toHaveLength(1);
  });

  it('has its time, and is hung up on when it is over', async () => {
    const clock = new ManualClock();
    const { promise: hungUp, resolve } = Promise.withResolvers<void>();
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    answer = (response) => (response.on('close', resolve), reach());
    const calling = failure(functions(clock).invoke({ arn: ARN, payload: '{}', timeoutMs: 60_000, signal: never }));
    await reached;
    clock.advance(60_000);
    expect(await calling).toEqual({ name: 'The function took longer than 60 seconds.', mayPass: false });
    await hungUp;
    expect(clock.pending).toBe(0);
  });

  it('is hung up on when nobody waits for it any more, and not begun when nobody did', async () => {
    const { promise: hungUp, resolve } = Promise.withResolvers<void>();
    const controller = new AbortController();
    const gone = new Error('gone');
    answer = (response) => (response.on('close', resolve), controller.abort(gone));
    await expect(invoke(controller.signal)).rejects.toBe(gone);
    await hungUp;
    await expect(invoke(controller.signal)).rejects.toBe(gone);
    expect(invoked).toHaveLength(1);
  });

  it('is called only where the operator has named it, to the letter', () => {
    const lambda = functions();
    expect([ARN, ARN.replace(':live', ''), `${ARN}x`, ''].map((arn) => lambda.mayInvoke(arn))).toEqual([true, false, false, false]);
  });
});
