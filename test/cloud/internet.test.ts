/** What calls strangers finds names, addresses and certificates as on the internet, and nothing but them. */
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { WebhookReceiver } from '../support/webhook-receiver.ts';
import { MovedClock } from './harness/cloud-clock.ts';
import { Internet } from './harness/internet.ts';
import { openFunctions } from './harness/test-functions.ts';

const internet = new Internet();
const { open, closeAll } = openFunctions(new MovedClock());
afterEach(closeAll);
afterAll(() => internet.close());

const call = (handler: string, event: object, environment = internet.variables) => open(`calls.${handler}`, { environment }).invoke(event);

describe('a receiver on this machine', () => {
  it('is reached by its name, at a public address', async () => {
    await using receiver = await WebhookReceiver.start(internet.wayOut);
    expect(await call('post', { url: receiver.url })).toEqual({ status: 200, remoteAddress: expect.stringMatching(/^20\.66\./), remotePort: 443 });
    expect(receiver.received).toHaveLength(1);
  });

  it('is not trusted by whom nobody has told of its authority', async () => {
    await using receiver = await WebhookReceiver.start(internet.wayOut);
    expect(await call('post', { url: receiver.url }, {})).toEqual({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(receiver.received).toEqual([]);
  });

  it('is not taken for another', async () => {
    await using receiver = await WebhookReceiver.start(internet.wayOut);
    const [found] = (await call('find', { name: new URL(receiver.url).hostname })) as { address: string }[];
    expect(await call('post', { url: `https://${found?.address}/` })).toEqual({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  });

  it('that is closed refuses connections', async () => {
    const receiver = await WebhookReceiver.start(internet.wayOut);
    await receiver[Symbol.asyncDispose]();
    expect(await call('post', { url: receiver.url })).toEqual({ code: 'ECONNREFUSED' });
  });
});

it.each(['example.com', 'localhost', 'p70000.hooks.test', 'px.hooks.test'])('there is no name %s', async (name) => {
  expect(await call('find', { name })).toEqual({ code: 'ENOTFOUND' });
});

it.each([
  ['93.184.215.14', 443],
  ['169.254.169.254', 80],
  ['20.66.1.1', 80],
  ['2606:4700::1111', 443],
])('there is no way to %s port %i', async (host, port) => {
  expect(await call('reach', { host, port })).toEqual({ code: 'ENETUNREACH' });
});
