import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { derivedId, type IdKind, newId, PREFIX, timeOfId } from '../../shared/domain/ids.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const KINDS = Object.keys(PREFIX) as IdKind[];
const NOW = Date.UTC(2026, 0, 15);
const YEAR_MS = 31_536_000_000;

/** Ids remember what was made before them, so each test that needs a time of its own takes a later one. */
const later = (() => {
  let ms = NOW;
  return () => (ms += YEAR_MS);
})();

const timeOf = (id: string): number => [...id.slice(id.indexOf('_') + 1).slice(0, 8)].reduce((ms, digit) => ms * 62 + ALPHABET.indexOf(digit), 0);
const isRising = (ids: string[]): boolean => ids.every((id, n) => n === 0 || id > (ids[n - 1] ?? ''));

describe('an id', () => {
  it.each(KINDS)('of a new %s is its prefix and 24 characters that need no escaping', (kind) => {
    for (let n = 0; n < 100; n++) expect(newId(kind, NOW)).toMatch(new RegExp(`^${PREFIX[kind]}[0-9A-Za-z]{24}$`));
  });

  it('begins as the contract says', () => {
    expect(PREFIX).toEqual({ assistant: 'asst_', thread: 'thread_', message: 'msg_', run: 'run_', step: 'step_', call: 'call_', webhook_endpoint: 'whe_', event: 'evt_', delivery: 'whd_', export: 'exp_', file: 'file-', upload: 'upload_', upload_part: 'part_', vector_store: 'vs_', file_batch: 'vsfb_' });
  });

  it('tells the millisecond that it was made in', () => {
    for (const ms of [later(), later() + 1, later() + 999]) expect(timeOf(newId('call', ms))).toBe(ms);
  });

  it('is made of enough chance that two processes never meet', () => {
    const tails = Array.from({ length: 2000 }, () => newId('call', later()).slice(-16));
    expect(new Set(tails).size).toBe(2000);
    // Each of 62 characters stands at each place, more or less evenly: none may come up four times as often as its share.
    for (let place = 0; place < 16; place++) {
      const counts = new Map<string, number>();
      for (const tail of tails) counts.set(tail.charAt(place), (counts.get(tail.charAt(place)) ?? 0) + 1);
      expect(counts.size).toBeGreaterThan(55);
      expect(Math.max(...counts.values())).toBeLessThan((4 * 2000) / 62);
    }
  });
});

describe('order', () => {
  it('is strict while the clock stands still', () => {
    const ids = Array.from({ length: 20_000 }, () => newId('message', NOW));
    expect(isRising(ids)).toBe(true);
  });

  it('is strict while the clock goes to and fro', () => {
    const moves = fc.array(fc.integer({ min: -YEAR_MS, max: YEAR_MS }), { minLength: 2, maxLength: 200 });
    fc.assert(
      fc.property(moves, (offsets) => {
        const ids = offsets.map((offset) => newId('run', NOW + 2 * YEAR_MS + offset));
        expect(isRising(ids)).toBe(true);
        expect(ids.every((id) => id.length === 28)).toBe(true);
      }),
    );
  });

  it('is that of time, as plain strings', () => {
    const ids = [0, 1, 2, 61, 62, 63, 3843, 3844, 1000 * YEAR_MS].map((ms) => newId('thread', 40 * YEAR_MS + NOW + ms));
    expect(ids.toSorted()).toEqual(ids);
  });

  it('of one kind does not depend on another', () => {
    const ms = later() + 5000 * YEAR_MS;
    newId('step', ms);
    expect(timeOf(newId('assistant', NOW))).toBe(NOW);
  });
});

describe('behind the newest id of a thread', () => {
  const future = NOW + 60_000;
  const fromTheFuture = (): string => `msg_${newId('call', future + 6000 * YEAR_MS).slice('call_'.length)}`;

  it('stands an id even when that one was made by a faster clock', () => {
    const after = fromTheFuture();
    const id = newId('message', NOW, after);
    expect(id > after).toBe(true);
    expect(id).toHaveLength(after.length);
  });

  it('stands each of a long row', () => {
    const ids = [fromTheFuture()];
    for (let n = 0; n < 5000; n++) ids.push(newId('message', NOW, ids.at(-1)));
    expect(isRising(ids)).toBe(true);
  });

  it('does not drag the ids of other threads into the future', () => {
    const ms = later() + 100 * YEAR_MS;
    const before = newId('message', ms);
    newId('message', ms, fromTheFuture());
    const next = newId('message', ms);
    expect(timeOf(next) - ms).toBeLessThan(2);
    expect(next > before).toBe(true);
  });

  it('an id takes the present when that is later', () => {
    const ms = later() + 200 * YEAR_MS;
    expect(timeOf(newId('message', ms, 'msg_000000000000000000000001'))).toBe(ms);
  });

  it('an id of another kind counts for nothing', () => {
    const ms = later() + 300 * YEAR_MS;
    expect(timeOf(newId('message', ms, 'run_zzzzzzzzzzzzzzzzzzzzzzzz'))).toBe(ms);
  });

  it('stands an id whatever the hosted service, or anybody else, had made of it', () => {
    const imported = fc.oneof(
      fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 24, maxLength: 24 }),
      fc.string({ unit: fc.constantFrom(...ALPHABET, '-', '_', '~', '.'), minLength: 1, maxLength: 40 }),
      fc.constantFrom('z'.repeat(24), `${'z'.repeat(23)}y`, 'z'.repeat(40), 'abc', '_', `${'z'.repeat(23)}_`, 'zzz~'),
    );
    fc.assert(
      fc.property(imported, (body) => {
        const ids = [`msg_${body}`];
        for (let n = 0; n < 3; n++) ids.push(newId('message', NOW, ids.at(-1)));
        return isRising(ids);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('an id derived from what has happened', () => {
  it('is the same whenever it is made of the same, and another for anything else', () => {
    const id = derivedId('event', NOW, 'run_1', 3, 'thread.run.completed');
    expect(derivedId('event', NOW, 'run_1', 3, 'thread.run.completed')).toBe(id);
    const others = [derivedId('event', NOW, 'run_1', 3, 'thread.run.failed'), derivedId('event', NOW, 'run_13', '', 'thread.run.completed'), derivedId('event', NOW + 1, 'run_1', 3, 'thread.run.completed'), derivedId('delivery', NOW, 'run_1', 3, 'thread.run.completed')];
    expect(new Set([id, ...others].map((each) => each.slice(-16))).size).toBe(5);
  });

  it('looks like any other, and sorts by its time', () => {
    const ids = Array.from({ length: 200 }, (_, n) => derivedId('delivery', NOW + n, n));
    expect(isRising(ids)).toBe(true);
    ids.forEach((id, n) => expect(timeOfId('delivery', id)).toBe(NOW + n));
  });
});
