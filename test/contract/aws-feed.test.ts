/** Which records of the table's stream tell of a removal. The feed's suite shows the same through the engine's own stream. */
import { describe, expect, it } from '@jest/globals';
import type { DynamoDBRecord } from 'aws-lambda';
import { eventOf, type StreamRecord } from '../../shared/aws/feed.ts';
import { draftOf, itemOf } from '../../shared/aws/items.ts';
import { placeOf } from '../../shared/aws/schema.ts';
import { type Kind, keyOf, type RecordOf } from '../../shared/ports/store.ts';
import { KINDS, SAMPLES } from './samples.ts';

function recordOf<K extends Kind>(kind: K, record: RecordOf<K>, eventName: StreamRecord['eventName'] = 'REMOVE'): StreamRecord {
  const key = keyOf(kind, record);
  const place = placeOf(key);
  if (!place) throw new Error('every sample has a place');
  return { eventName, dynamodb: { OldImage: itemOf(draftOf(place, key, record), 'commit') } };
}

describe('a record of the stream', () => {
  it('of a removed thread tells it, as it was last', () => {
    for (const record of SAMPLES.thread) expect(eventOf(recordOf('thread', record))).toStrictEqual({ type: 'removed', kind: 'thread', record });
  });

  it.each(['INSERT', 'MODIFY', undefined])('%s tells nothing', (eventName) => {
    for (const record of SAMPLES.thread) expect(eventOf(recordOf('thread', record, eventName ?? 'INSERT'))).toBeUndefined();
  });

  it.each(KINDS.filter((kind) => kind !== 'thread'))('of a removed %s tells nothing', (kind) => {
    for (const record of SAMPLES[kind]) expect(eventOf(recordOf(kind, record))).toBeUndefined();
  });

  it('as Lambda gives it, removed by the time to live, tells the same', () => {
    const [thread] = SAMPLES.thread;
    if (!thread) return;
    const given: DynamoDBRecord = {
      eventID: '1',
      eventSource: 'aws:dynamodb',
      userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
      ...(recordOf('thread', thread) as Pick<DynamoDBRecord, 'eventName' | 'dynamodb'>),
    };
    expect(eventOf(given)).toStrictEqual({ type: 'removed', kind: 'thread', record: thread });
  });

  it('without what was removed tells nothing', () => {
    for (const record of [{}, { eventName: 'REMOVE' }, { eventName: 'REMOVE', dynamodb: {} }, { eventName: 'REMOVE', dynamodb: { OldImage: {} } }]) expect(eventOf(record)).toBeUndefined();
  });

  it('of a thread that fits no schema is an error, not a thread', () => {
    const [thread] = SAMPLES.thread;
    if (!thread) return;
    const record = recordOf('thread', thread);
    const image = { ...record.dynamodb?.OldImage, body: { S: '{"id":"thread_1"}' } };
    expect(() => eventOf({ ...record, dynamodb: { OldImage: image } })).toThrow('a stored thread does not fit its schema');
  });
});
