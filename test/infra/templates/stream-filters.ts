/** Which records of the table's stream wake which function: all that something comes of, and little else. */
import { describe, expect, it } from '@jest/globals';
import { happeningOf } from '../../../shared/actions/webhook-events.ts';
import { type FeedParts, type StreamRecord, eventOf } from '../../../shared/aws/feed.ts';
import { draftOf, itemOf, keyItem } from '../../../shared/aws/items.ts';
import type { Reader } from '../../../shared/aws/reader.ts';
import { placeOf } from '../../../shared/aws/schema.ts';
import { REMOVED, TOLD } from '../../../infra/constructs/stream-feed.ts';
import { stages } from '../../../infra/stages.ts';
import { type Kind, type RecordOf, keyOf } from '../../../shared/ports/store.ts';
import { makeFilter } from '../../cloud/harness/stream-filter.ts';
import { KINDS, SAMPLES } from '../../contract/samples.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { aMessage, aRun, aThread } from '../../support/records.ts';
import { resources, templatesOf } from '../synthesized.ts';

/** Nothing is stored apart here, nor written before the rest of its change. */
const absent = () => Promise.reject(new Error('not here'));
const parts: FeedParts = { bodies: { put: absent, get: absent, remove: absent, removePartition: absent }, clock: new ManualClock(), reader: {} as Reader };

type Stored = { [K in Kind]: { kind: K; record: RecordOf<K> } }[Kind];

function imageOf({ kind, record }: Stored) {
  const key = keyOf(kind, record);
  const place = placeOf(key);
  if (!place) throw new Error('every sample has a place');
  return { place, image: itemOf(draftOf(place, key, record), 'commit') };
}

/** As Lambda has it, with its keys. */
function recordOf(eventName: string, before: Stored | undefined, after: Stored | undefined): StreamRecord {
  const [old, fresh] = [before && imageOf(before), after && imageOf(after)];
  const place = (fresh ?? old)?.place;
  const dynamodb = { ...(place && { Keys: keyItem(place) }), ...(old && { OldImage: old.image }), ...(fresh && { NewImage: fresh.image }), ApproximateCreationDateTime: 1 };
  return { eventName, dynamodb };
}

const stored = (kind: Kind, record: RecordOf<Kind>): Stored => ({ kind, record }) as Stored;

/** Everything that can be written, in each way in which it can be. */
const EVERYTHING = KINDS.flatMap((kind) =>
  SAMPLES[kind].flatMap((sample): StreamRecord[] => {
    const fresh = stored(kind, { ...sample, rev: 0 });
    const changes = SAMPLES[kind].map((other) => recordOf('MODIFY', fresh, stored(kind, { ...other, rev: 1 })));
    return [recordOf('INSERT', undefined, fresh), recordOf('REMOVE', fresh, undefined), recordOf('MODIFY', stored(kind, { ...sample, rev: 7 }), fresh), ...changes];
  }),
);

const wakes = (patterns: object[]) => makeFilter(patterns.map((pattern) => JSON.stringify(pattern)));
const teller = wakes(TOLD);
const reaper = wakes(REMOVED);

describe('the event-teller', () => {
  it('is woken by all of which anybody is told', async () => {
    let told = 0;
    for (const record of EVERYTHING) {
      const event = await eventOf(parts, record);
      if (!event || !happeningOf(event)) continue;
      told++;
      expect([record.eventName, event.kind, teller(record)]).toEqual([record.eventName, event.kind, true]);
    }
    expect(told).toBeGreaterThan(50);
  });

  it('sleeps while threads are used, clients write, and other records change', () => {
    const thread = stored('thread', aThread());
    expect(teller(recordOf('MODIFY', thread, stored('thread', aThread({ rev: 1 }))))).toBe(false);
    const { runId: _, ...message } = aMessage();
    expect(teller(recordOf('INSERT', undefined, stored('message', message)))).toBe(false);
    expect(teller(recordOf('REMOVE', stored('run', aRun('queued')), undefined))).toBe(false);
    const others = KINDS.filter((kind) => !['thread', 'run', 'message', 'export'].includes(kind));
    const ofOthers = others.flatMap((kind) => SAMPLES[kind].flatMap((sample) => [recordOf('INSERT', undefined, stored(kind, sample)), recordOf('MODIFY', stored(kind, sample), stored(kind, sample))]));
    expect(ofOthers.filter((record) => teller(record))).toEqual([]);
  });

  it('has no more patterns than Lambda takes', () => {
    expect(TOLD.length).toBeLessThanOrEqual(5);
  });
});

it('the reaper is woken by threads, files and uploads that are gone, and by nothing else', async () => {
  for (const record of EVERYTHING) expect(reaper(record)).toBe((await eventOf(parts, record))?.type === 'removed');
});

it('the table’s stream has as many readers as it is meant to have', () => {
  const mappings = resources(templatesOf(stages.prod).service, 'AWS::Lambda::EventSourceMapping').filter(([, { Properties }]) => Properties['StartingPosition'] !== undefined);
  expect(mappings.map(([id]) => id.replace(/Fn.*/, ''))).toEqual(['ThreadReaper', 'EventTeller']);
});
