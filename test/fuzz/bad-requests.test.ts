import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../support/contract-json.ts';
import { faultsOf } from './answers.ts';
import { type BadRequest, badRequests, table } from './requests.ts';
import { samples, upload } from './samples.ts';
import { Target, idOf } from './target.ts';

// Thousands of generated bad requests to the real server: never a 5xx, never a word of its insides, nothing half-written.
// FUZZ_SEED=<number> or FUZZ_SEED=random adds a second round to the fixed one; a failure tells its seed and the smallest case.

const FIXED_SEED = 20_261_120;
const extra = process.env['FUZZ_SEED'];
const seeds = [FIXED_SEED, ...(extra ? [extra === 'random' ? randomInt(2 ** 31) : Number(extra)] : [])];
const FEWEST = 2000;
/** Some seconds on an idle machine; a busy one may take its time. */
const LONGEST_MS = 120_000;

let target: Target;
beforeAll(async () => {
  target = await Target.start();
});
afterAll(() => target.stop());

/** Names a request by what fits on a line. */
const describeRequest = ({ method, path, headers, body }: BadRequest): string =>
  `${method} ${path.slice(0, 200)} ${JSON.stringify(headers).slice(0, 200)} ${body === undefined ? '' : `${Buffer.byteLength(body)} bytes: ${String(body).slice(0, 300)}`}`;

async function fault(request: BadRequest): Promise<string | undefined> {
  const before = target.snapshot();
  const answer = await target.send(request);
  const faults = faultsOf(answer, request.method);
  if (request.refusedWith && !request.refusedWith.includes(answer.status)) faults.push(`status ${answer.status}, not ${request.refusedWith.join(' or ')}`);
  if (answer.status < 400) await target.settled();
  else if (target.snapshot() !== before) faults.push(`it has written something: ${before} became ${target.snapshot()}`);
  return faults.length === 0 ? undefined : `${faults.join('; ')} — answered: ${answer.text.slice(0, 300)}`;
}

describe.each(seeds)('bad requests with seed %i', (seed) => {
  let sent = 0;

  it('are refused, or taken, but break nothing', async () => {
    for (const { family, share, requests } of badRequests(target)) {
      const shown = requests.map((request) => Object.assign(request, { [fc.toStringMethod]: () => describeRequest(request) }));
      const property = fc.asyncProperty(shown, async (request) => {
        sent++;
        const wrong = await fault(request);
        if (wrong !== undefined) throw new Error(`${family}: ${wrong}`);
      });
      await fc.assert(property, { seed, numRuns: share, endOnFailure: false });
    }
  }, LONGEST_MS);

  it(`were at least ${FEWEST}`, () => {
    expect(sent).toBeGreaterThanOrEqual(FEWEST);
  });

  it('leave a server that is well and everything in it readable', async () => {
    expect(await target.send({ method: 'GET', path: '/healthz', headers: {} })).toMatchObject({ status: 200, text: '{"status":"ok"}' });
    for (const list of ['/assistants', '/threads']) {
      for (let after = ''; ; ) {
        const page = await target.good('GET', `${list}?limit=100&after=${after}`);
        for (const item of Array.isArray(page['data']) ? page['data'] : []) expect(item).toMatchObject({ id: expect.any(String) });
        if (page['has_more'] !== true) break;
        after = idOf(page, 'last_id');
      }
    }
    const { assistant_id, thread_id } = target.ids;
    await target.good('GET', `/threads/${thread_id}/messages?limit=100`);
    await target.good('POST', `/threads/${thread_id}/messages`, { role: 'user', content: 'Still there?' });
    const run_id = idOf(await target.good('POST', `/threads/${thread_id}/runs`, { assistant_id, tools: [] }));
    await target.settled();
    expect(await target.good('GET', `/threads/${thread_id}/runs/${run_id}`)).toMatchObject({ status: 'completed' });
    expect(await target.good('GET', `/threads/${target.waiting.thread_id}/runs/${target.waiting.run_id}`)).toMatchObject({ status: 'requires_action' });
  });
});

it('a write of any kind shows in the snapshot, a read does not', async () => {
  let last = target.snapshot();
  const expectChange = async (changes: boolean, method: string, path: string, body?: Json) => {
    await target.good(method, path, body);
    const now = target.snapshot();
    expect([method, path, now !== last]).toEqual([method, path, changes]);
    last = now;
  };
  const { thread_id } = target.ids;
  await expectChange(true, 'POST', '/threads', {});
  await expectChange(true, 'POST', `/threads/${thread_id}`, {});
  await expectChange(true, 'POST', `/threads/${thread_id}/touch`);
  await expectChange(false, 'GET', `/threads/${thread_id}/messages`);
  const assistant = idOf(await target.good('POST', '/assistants', { model: 'm' }));
  last = target.snapshot();
  await expectChange(true, 'DELETE', `/assistants/${assistant}`);
});

it('every route that takes a POST has a sample here for the mutations to begin with', () => {
  const posts = table.filter(({ method }) => method === 'POST').map(({ name }) => name);
  expect(Object.keys(samples(target.ids)).sort()).toEqual(posts.sort());
});

it('every sample would be taken, so that what is wrong with a mutation is the mutation', async () => {
  const bodies = samples(target.ids);
  // What has been completed or cancelled, by a request that only looked bad, takes nothing more.
  const ids = { ...target.ids, upload_id: idOf(await target.good('POST', '/uploads', upload)) };
  // A name can be taken once, and may have been by a request that only looked bad.
  await target.send({ method: 'DELETE', path: `/v1/tool_endpoints/${bodies['POST /tool_endpoints']?.['name'] as string}`, headers: { authorization: 'Bearer sk-local' } });
  for (const [name, body] of Object.entries(bodies)) {
    const [method = '', pattern = ''] = name.split(' ');
    const path = pattern.replace(/:(\w+)/g, (_, id: keyof typeof ids) => ids[id]);
    const answer = await target.send({ method, path: `/v1${path}`, headers: { authorization: 'Bearer sk-local' }, body: body && JSON.stringify(body) });
    await target.settled();
    // These are about a run that has ended, or an upload that is complete: refused for that, not for their bodies.
    const isTooLate = /^POST (\/threads\/.*\/(cancel|submit_tool_outputs)|\/uploads\/.*\/cancel)$/.test(name);
    expect([name, answer.status, isTooLate || answer.text]).toEqual([name, isTooLate ? 400 : 200, isTooLate || expect.any(String)]);
  }
});
