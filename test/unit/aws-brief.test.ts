import { expect, test } from '@jest/globals';
import { briefOf } from '../../shared/aws/brief.ts';
import { FED } from '../../shared/ports/feed.ts';
import { SAMPLES } from '../contract/samples.ts';

const LARGE = 'x'.repeat(500_000);
/** Metadata and the like are bounded; DynamoDB takes 400 KB in an item. */
const MOST_BYTES = 100_000;

/** The record with every text and list of its body as large as clients make them. */
const swollen = (value: unknown, name = ''): unknown => {
  if (['id', 'status', 'type', 'metadata'].includes(name) || /Id$/.test(name)) return value;
  if (Array.isArray(value)) return value.map((one) => swollen(one));
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, swollen(one, key)]));
  return typeof value === 'string' && ['value', 'instructions', 'description', 'arguments', 'output', 'schema'].includes(name) ? LARGE : value;
};

test.each([...new Set([...FED.created, ...FED.updated])])('what the feed keeps of a %s is small, whatever is in it', (kind) => {
  for (const sample of SAMPLES[kind]) {
    const brief = briefOf(kind, swollen(sample) as typeof sample);
    expect(Buffer.byteLength(JSON.stringify(brief))).toBeLessThan(MOST_BYTES);
  }
});
