import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { byBytes, cursorText, listPlace, listShards, placeOf, rangeOf, SHARDS } from '../../shared/aws/schema.ts';
import { runSpan } from '../../shared/aws/run-span.ts';
import { newId } from '../../shared/domain/ids.ts';
import { type Key, keys } from '../../shared/ports/store.ts';

const anyPart = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('', '#', '%', '%23', 'a#b', '$', 'proj_1'));
const anyKey: fc.Arbitrary<Key> = fc.oneof(
  fc.tuple(anyPart, anyPart).map(([project, id]) => keys.assistant(project, id)),
  fc.tuple(anyPart, anyPart).map(([project, id]) => keys.thread(project, id)),
  fc.tuple(anyPart, anyPart).map(([project, id]) => keys.idempotency(project, id)),
  anyPart.map((id) => keys.apiKey(id)),
  anyPart.map((id) => keys.project(id)),
  fc.tuple(anyPart, anyPart).map(([project, id]) => keys.webhookEndpoint(project, id)),
  fc.tuple(anyPart, anyPart, anyPart).map(([project, endpoint, id]) => keys.delivery(project, endpoint, id)),
  fc.tuple(anyPart, anyPart).map(([project, id]) => keys.export(project, id)),
  fc.tuple(anyPart, anyPart).map(([project, id]) => keys.toolEndpoint(project, id)),
  fc.tuple(anyPart, anyPart, anyPart).map(([project, thread, id]) => keys.message(project, thread, id)),
  fc.tuple(anyPart, anyPart, anyPart).map(([project, thread, id]) => keys.alias(project, thread, id)),
  fc.tuple(anyPart, anyPart, anyPart).map(([project, thread, id]) => keys.run(project, thread, id)),
  fc.tuple(anyPart, anyPart, anyPart, anyPart).map(([project, thread, run, id]) => keys.step(project, thread, run, id)),
);
const wellFormed = (key: Key) => [...key.scope, key.id].every((part) => part.isWellFormed());

describe('places', () => {
  it('are as the table in schema.ts says', () => {
    const places = [keys.assistant('p', 'a'), keys.thread('p', 't'), keys.message('p', 't', 'm'), keys.run('p', 't', 'r'), keys.step('p', 't', 'r', 's'), keys.apiKey('k'), keys.idempotency('p', 'i'), keys.project('p'), keys.webhookEndpoint('p', 'w'), keys.delivery('p', 'w', 'd'), keys.export('p', 'e'), keys.toolEndpoint('p', 'f'), keys.alias('p', 't', 'm')].map(placeOf);
    expect(places).toEqual([
      { pk: 'A#p#a', sk: '#' },
      { pk: 'T#p#t', sk: '#' },
      { pk: 'T#p#t', sk: 'M#m' },
      { pk: 'T#p#t', sk: 'R#r' },
      { pk: 'T#p#t', sk: 'S#r#s' },
      { pk: 'K#k', sk: '#' },
      { pk: 'I#p#i', sk: '#' },
      { pk: 'P#p', sk: '#' },
      { pk: 'W#p#w', sk: '#' },
      { pk: 'D#p#w#d', sk: '#' },
      { pk: 'E#p#e', sk: '#' },
      { pk: 'F#p#f', sk: '#' },
      { pk: 'T#p#t', sk: 'N#m' },
    ]);
  });

  it('of different keys are different', () => {
    fc.assert(
      fc.property(anyKey, anyKey, (a, b) => {
        fc.pre(wellFormed(a) && wellFormed(b));
        const isSame = a.kind === b.kind && a.id === b.id && a.scope.length === b.scope.length && a.scope.every((part, n) => part === b.scope[n]);
        expect(JSON.stringify(placeOf(a)) === JSON.stringify(placeOf(b))).toBe(isSame);
      }),
      { numRuns: 5000 },
    );
  });

  it('exist for no key that DynamoDB would refuse', () => {
    for (const id of ['x'.repeat(257), '🧵'.repeat(65), '\ud800']) {
      expect([placeOf(keys.thread('p', id)), placeOf(keys.message('p', 't', id))]).toEqual([undefined, undefined]);
    }
    expect(placeOf(keys.message('p', '#'.repeat(1000), 'm'))).toBeUndefined();
    expect(placeOf(keys.message('\udc00', 't', 'm'))).toBeUndefined();
    expect(placeOf(keys.step('p', 't', '#'.repeat(350), 'm'))).toBeUndefined();
    expect(placeOf(keys.thread('p', 'x'.repeat(256)))).toBeDefined();
  });
});

describe('ranges', () => {
  it('hold the places of their own scope and kind alone', () => {
    fc.assert(
      fc.property(fc.constantFrom('message', 'run', 'step'), fc.tuple(anyPart, anyPart, anyPart), anyKey, (kind, parts, key) => {
        const scope = kind === 'step' ? parts : parts.slice(0, 2);
        fc.pre(wellFormed(key) && scope.every((part) => part.isWellFormed()));
        const [range, place] = [rangeOf(kind, scope), placeOf(key)];
        if (!range || !place) throw new Error('short keys have places and ranges');
        const isIn = place.pk === range.pk && byBytes(place.sk, range.prefix) >= 0 && byBytes(place.sk, range.last) <= 0;
        const belongs = key.kind === kind && key.scope.length === scope.length && key.scope.every((part, n) => part === scope[n]);
        expect(isIn).toBe(belongs);
      }),
      { numRuns: 5000 },
    );
  });

  it('exist for no kind that lives apart, and no scope that is not whole', () => {
    expect([rangeOf('thread', ['p']), rangeOf('api_key', []), rangeOf('step', ['p', 't']), rangeOf('message', ['p'])]).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('cursors', () => {
  it('compare with every id as they would uncut', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.string({ unit: 'grapheme', minLength: 60, maxLength: 400 }), (id, cursor) => {
        fc.pre(Buffer.byteLength(id) <= 256);
        expect(Math.sign(byBytes(id, cursorText(cursor)))).toBe(Math.sign(byBytes(id, cursor)));
      }),
    );
    expect(byBytes('x'.repeat(256), cursorText('x'.repeat(5000)))).toBeLessThan(0);
  });
});

describe('the index', () => {
  it('holds what can be listed, each in one of its shards', () => {
    const ids = Array.from({ length: 400 }, () => newId('thread', Date.now()));
    const shards = listShards('thread', ['p']) ?? [];
    const used = new Set(ids.map((id) => listPlace(keys.thread('p', id))?.lpk));
    expect(shards).toHaveLength(SHARDS);
    expect(used).toEqual(new Set(shards));
    expect(listPlace(keys.message('p', 't', 'm'))).toBeUndefined();
    expect([listShards('message', ['p', 't']), listShards('idempotency', ['p']), listShards('project', [])]).toEqual([undefined, undefined, undefined]);
    expect(listShards('delivery', ['p', 'w'])).toContain(listPlace(keys.delivery('p', 'w', 'd'))?.lpk);
  });

  it('keeps projects apart', () => {
    const [one, other] = [listShards('thread', ['a#b']), listShards('thread', ['a', 'b'])];
    expect(one?.some((shard) => other?.includes(shard))).toBe(false);
  });
});

describe('the span of a run', () => {
  const nowMs = Date.UTC(2026, 0, 15);
  const times = { runWindowMs: 600_000, nowMs };

  it('holds what the run writes, though clocks differ by a little', () => {
    const span = runSpan(newId('run', nowMs, 'run_'), times);
    for (const atMs of [nowMs - 30_000, nowMs, nowMs + 300_000, nowMs + 660_000]) {
      const id = newId('message', atMs, 'msg_');
      expect(span && id >= span.from && id <= span.to).toBe(true);
    }
    for (const atMs of [nowMs - 3_600_000, nowMs + 6 * 3_600_000]) {
      const id = newId('message', atMs, 'msg_');
      expect(span && id >= span.from && id <= span.to).toBe(false);
    }
  });

  it.each(['run_1', '', 'run_abc', 'msg_0UabcdefABCDEF0123456789', 'run_zzzzzzzzzzzzzzzzzzzzzzzz', 'run_000000000000000000000001', 'run_0U!bcdefABCDEF0123456789'])('is unknown for an id that tells no time: %s', (id) => {
    expect(runSpan(id, times)).toBeUndefined();
  });
});
