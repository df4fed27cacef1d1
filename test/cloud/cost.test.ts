/** What runs cause on AWS, as `npm run bench:cost` counts it: the aims of the project, and that nothing grows with the thread. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Counts, billedAs } from '../../bench/cost/counts.ts';
import { BEFORE_FIRST_TOKEN, kinds, play } from '../../bench/cost/kinds.ts';
import { THREADS, warmUp } from '../../bench/cost/measure.ts';
import { PRICES } from '../../bench/cost/prices.ts';
import { Scene, type Settings } from '../../bench/cost/scene.ts';
import { CostStage } from '../../bench/cost/stage.ts';
import { pathOf, transitionsOf } from '../../bench/cost/transitions.ts';
import { waitsOf } from '../../bench/cost/waits.ts';
import { LEASE_MS } from '../../shared/engine/hold.ts';
import { text } from '../support/scripted-model.ts';
import { cloudAssembly } from './harness/assembly.ts';

const ONE: Settings = { messages: 1 };
/** Rounding may fall differently for ids and dates of another length. */
const ROUNDING = 1;

let stage: CostStage;
beforeAll(async () => {
  stage = await CostStage.open();
  await warmUp(stage);
});
afterAll(async () => {
  try {
    stage.server.expectNoErrors();
  } finally {
    await stage.close();
  }
});

const thread = (name: string): Settings => {
  const settings = THREADS[name];
  if (!settings) throw new Error(`no such thread: ${name}`);
  return settings;
};

it('a plain run with one message costs at most 20 write and 10 read units, its message included', async () => {
  const { billed, invocations } = (await play(stage, 'plain', ONE)).whole;
  expect(invocations['RunWorker']).toBeGreaterThan(0);
  expect(billed.writeUnit).toBeGreaterThan(0);
  expect(billed.writeUnit).toBeLessThanOrEqual(20);
  expect(billed.readUnit).toBeGreaterThan(0);
  expect(billed.readUnit).toBeLessThanOrEqual(10);
});

it('the event-teller is woken for what is told of a run, and not for what its client writes', async () => {
  const { parts, whole } = await play(stage, 'plain', ONE);
  expect(parts['message']?.told).toBe(0);
  // It is queued, in progress, completed; and its message is there.
  expect(whole.told).toBe(4);
});

describe('before its first token', () => {
  it('a streamed run has been through no queue', async () => {
    const { parts } = await play(stage, 'streamed', ONE);
    const before = parts[BEFORE_FIRST_TOKEN];
    expect(before?.invocations).toEqual({ Api: 1 });
    // The message for whoever has to take the run over, and nothing that reads it.
    expect(Object.entries(before?.requests ?? {}).filter(([name]) => name.startsWith('sqs:'))).toEqual([['sqs:SendMessage', 1]]);
  });

  it('a streamed run sends its message for later than its lease lasts', async () => {
    const scene = await Scene.open(stage, ONE);
    const step = text('Well.').gated();
    stage.model.script(step);
    const stream = await scene.stream();
    await step.reached;
    const sent = stage.calls.filter(({ operation }) => operation === 'SendMessage');
    step.release();
    await scene.read(stream);
    await stage.settle();
    stage.take();
    expect(sent.map(({ functionId, input }) => [functionId.startsWith('ApiFn'), input['DelaySeconds']])).toEqual([[true, LEASE_MS / 1000]]);
  });

  it.each(['1', '1,000, last 20'])('a streamed run waits for the database twice, on a thread of %s', async (name) => {
    const { database, all } = await waitsOf(stage, 'streamed', thread(name));
    expect(database).toHaveLength(2);
    // Its record is written only when the message is in the queue.
    expect(all.map((trip) => [...new Set(trip)].filter((call) => call !== 'Api Query'))).toEqual([['Api GetItem'], ['Api SendMessage'], ['Api TransactWriteItems']]);
  });

  it('a plain run waits for the database twice in api and twice in run-worker', async () => {
    const { database } = await waitsOf(stage, 'plain', ONE);
    const by = (name: string) => database.filter((trip) => trip.some((call) => call.startsWith(name)));
    expect([by('Api'), by('RunWorker'), database].map(({ length }) => length)).toEqual([2, 2, 4]);
  });
});

/** What is left of a count when reading the history is taken out. */
const withoutHistory = ({ billed, queryUnits, requests, invocations }: Counts) => {
  const { 'dynamodb:Query': _, ...others } = requests;
  return { write: billed.writeUnit ?? 0, read: (billed.readUnit ?? 0) - queryUnits, others, invocations };
};

function expectSame(long: Counts, short: Counts): void {
  const [a, b] = [withoutHistory(long), withoutHistory(short)];
  expect(Math.abs(a.write - b.write)).toBeLessThanOrEqual(ROUNDING);
  expect(Math.abs(a.read - b.read)).toBeLessThanOrEqual(ROUNDING);
  expect([a.others, a.invocations]).toEqual([b.others, b.invocations]);
}

describe.each(kinds)('a run of the kind %s', (kind) => {
  it('costs the same each time', async () => {
    expect(await play(stage, kind, ONE)).toEqual(await play(stage, kind, ONE));
  });

  it('costs the same on a long thread, but for reading its history', async () => {
    const short = (await play(stage, kind, ONE)).whole;
    const hundred = (await play(stage, kind, thread('100, last 20'))).whole;
    const thousand = (await play(stage, kind, thread('1,000, last 20'))).whole;
    expectSame(hundred, short);
    expectSame(thousand, short);
    // As much history, as much to pay.
    expect(thousand.queryUnits).toBe(hundred.queryUnits);
  });
});

it('a run that the whole of a long thread fits costs more for reading it, and for nothing else', async () => {
  const [short, long] = [(await play(stage, 'plain', ONE)).whole, (await play(stage, 'plain', thread('1,000, auto'))).whole];
  expectSame(long, short);
  expect(long.queryUnits).toBeGreaterThan(100);
});

describe('the price table', () => {
  it('has a price for whatever was done for somebody', () => {
    const done = [...stage.seen.values()];
    expect(new Set(done.map(({ service }) => service))).toEqual(new Set(['dynamodb', 'dynamodbstreams', 'sqs', 'states', 'secretsmanager']));
    const priced = done.flatMap(billedAs).filter((what) => what !== 'execution');
    expect(priced.filter((what) => !(what in PRICES))).toEqual([]);
    const free = done.filter((request) => billedAs(request).length === 0).map(({ service, operation }) => `${service}:${operation}`);
    expect(free.sort()).toEqual(['dynamodbstreams:GetRecords', 'states:StopExecution']);
  });

  it('knows the way through the state machine', () => {
    const path = pathOf(cloudAssembly().service);
    expect(path).toEqual({ untilItWaits: 2, afterwards: 1 });
    expect(transitionsOf(path, { started: 3, wentOff: 1 })).toBe(7);
  });
});
