/** What records of the table's stream tell. The feed's suite shows the same through the engine's own stream. */
import { describe, expect, it } from '@jest/globals';
import type { DynamoDBRecord } from 'aws-lambda';
import type { Bodies } from '../../shared/aws/bodies.ts';
import { eventOf, type FeedParts, NotYetCommittedError, type StreamRecord } from '../../shared/aws/feed.ts';
import { type Draft, draftOf, type Item, itemOf } from '../../shared/aws/items.ts';
import type { Reader } from '../../shared/aws/reader.ts';
import { placeOf } from '../../shared/aws/schema.ts';
import { create } from '../../shared/ports/commit.ts';
import { FED, isFed } from '../../shared/ports/feed.ts';
import { type Kind, keyOf, type RecordOf } from '../../shared/ports/store.ts';
import { ManualClock, START_MS } from '../support/manual-clock.ts';
import { aMessage, aRun, aThread } from '../support/records.ts';
import { useEngines } from './aws-stage.ts';
import { makeAwsWorld } from './aws-world.ts';
import { KINDS, SAMPLES } from './samples.ts';
import { failureOf } from './suites/stage.ts';

const engines = useEngines();
const AT = { ApproximateCreationDateTime: START_MS / 1000 };

function imageOf<K extends Kind>(kind: K, record: RecordOf<K>, more: Partial<Draft> = {}): Item {
  const key = keyOf(kind, record);
  const place = placeOf(key);
  if (!place) throw new Error('every sample has a place');
  return itemOf({ ...draftOf(place, key, record), ...more }, 'commit');
}

const removed = <K extends Kind>(kind: K, record: RecordOf<K>): StreamRecord => ({ eventName: 'REMOVE', dynamodb: { ...AT, OldImage: imageOf(kind, record) } });
const inserted = <K extends Kind>(kind: K, record: RecordOf<K>, more?: Partial<Draft>): StreamRecord => ({ eventName: 'INSERT', dynamodb: { ...AT, NewImage: imageOf(kind, record, more) } });

/** With nothing stored but these bodies. */
const partsWith = (bodies: Record<string, string> = {}): FeedParts => {
  const clock = new ManualClock();
  const absent = () => Promise.reject(new Error('not here'));
  const kept: Bodies = { put: absent, get: async (blob) => bodies[blob], remove: absent, removePartition: absent };
  return { bodies: kept, clock, reader: {} as Reader };
};
const tell = (record: StreamRecord, bodies?: Record<string, string>) => eventOf(partsWith(bodies), record);

describe('a record of the stream', () => {
  it.each(KINDS)('of a removed %s tells what it was last, or nothing', async (kind) => {
    for (const record of SAMPLES[kind]) expect(await tell(removed(kind, record))).toStrictEqual(isFed('removed', kind) ? { type: 'removed', kind, record, atMs: START_MS } : undefined);
  });

  it.each(KINDS)('of a new %s tells it, or nothing', async (kind) => {
    for (const record of SAMPLES[kind]) expect(await tell(inserted(kind, record))).toStrictEqual(isFed('created', kind) ? { type: 'created', kind, record, atMs: START_MS } : undefined);
  });

  it.each(FED.updated)('of a changed %s tells a new status alone', async (kind) => {
    for (const before of SAMPLES[kind]) {
      for (const record of SAMPLES[kind].map((sample) => ({ ...sample, rev: 1 }))) {
        const told = await tell({ eventName: 'MODIFY', dynamodb: { ...AT, OldImage: imageOf(kind, before), NewImage: imageOf(kind, record) } });
        expect(told).toStrictEqual(before.status === record.status ? undefined : { type: 'updated', kind, record, before, atMs: START_MS });
      }
    }
  });

  it('of a record that took the place of an expired one tells that it is new', async () => {
    const [old, fresh] = [aThread({ removeAfterMs: 1, rev: 7 }), aThread()];
    const told = await tell({ eventName: 'MODIFY', dynamodb: { ...AT, OldImage: imageOf('thread', old), NewImage: imageOf('thread', fresh) } });
    expect(told).toStrictEqual({ type: 'created', kind: 'thread', record: fresh, atMs: START_MS });
  });

  it('as Lambda gives it, removed by the time to live, tells the same', async () => {
    const thread = aThread();
    const given: DynamoDBRecord = { eventID: '1', eventSource: 'aws:dynamodb', userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' }, ...(removed('thread', thread) as Pick<DynamoDBRecord, 'eventName' | 'dynamodb'>) };
    expect(await tell(given)).toStrictEqual({ type: 'removed', kind: 'thread', record: thread, atMs: START_MS });
  });

  it('without what it is about tells nothing', async () => {
    const empty = ['REMOVE', 'INSERT', 'MODIFY'].flatMap((eventName) => [{ eventName }, { eventName, dynamodb: {} }, { eventName, dynamodb: { OldImage: {}, NewImage: {} } }]);
    for (const record of [{}, ...empty]) expect(await tell(record)).toBeUndefined();
  });

  it('that fits no schema is an error, not a record', async () => {
    const record = removed('thread', aThread());
    const image = { ...record.dynamodb?.OldImage, body: { S: '{"id":"thread_1"}' } };
    await expect(tell({ ...record, dynamodb: { OldImage: image } })).rejects.toThrow('a stored thread does not fit its schema');
  });
});

describe('a record whose body is apart', () => {
  it('is told whole while its body is there, and without what is large when that has gone', async () => {
    for (const kind of ['message', 'run'] as const) {
      for (const record of SAMPLES[kind]) {
        const blob = `bodies/${record.id}`;
        expect(await tell(inserted(kind, record, { blob }), { [blob]: JSON.stringify(record) })).toMatchObject({ record });
        const told = await tell(inserted(kind, record, { blob }));
        expect(told).toMatchObject({ type: 'created', kind, record: { id: record.id, rev: record.rev, status: record.status, threadId: record.threadId, createdAtMs: record.createdAtMs } });
        expect(JSON.stringify(told?.record).length).toBeLessThan(12_000);
      }
    }
  });

  it('tells of a changed one what it was, though that body is always gone', async () => {
    const [before, after] = [aRun('queued', { instructions: 'x' }), aRun('expired', { rev: 1 })];
    const told = await tell({ eventName: 'MODIFY', dynamodb: { ...AT, OldImage: imageOf('run', before, { blob: 'gone' }), NewImage: imageOf('run', after) } });
    const { instructions: _, ...rest } = before;
    expect(told).toStrictEqual({ type: 'updated', kind: 'run', record: after, before: rest, atMs: START_MS });
  });
});

describe('a message written before the rest of its change', () => {
  it('is told once its thread knows of it, and never when the change has failed', async () => {
    const stage = await makeAwsWorld(await engines());
    const message = aMessage();
    const thread = aThread({ id: message.threadId });
    const early = inserted('message', message, { isEarly: true });
    const told = () => stage.world.eventOf(early);
    expect(await told()).toBeUndefined();
    await stage.commit({ name: 'put', writes: [create('message', message)] });
    expect(await failureOf(told())).toBeInstanceOf(NotYetCommittedError);
    await stage.commit({ name: 'put', writes: [create('thread', { ...thread, lastMessageId: message.id })] });
    expect(await told()).toMatchObject({ type: 'created', record: message });
    await stage.close();
  });

  it('is not waited for for ever', async () => {
    const stage = await makeAwsWorld(await engines());
    const message = aMessage();
    await stage.commit({ name: 'put', writes: [create('message', message)] });
    await stage.pass(60_000);
    expect(await stage.world.eventOf(inserted('message', message, { isEarly: true }))).toBeUndefined();
    await stage.close();
  });
});
