import { describe, expect, it } from '@jest/globals';
import { makeFilter } from './harness/stream-filter.ts';

describe('a filter', () => {
  const record = { eventName: 'REMOVE', dynamodb: { Keys: { pk: { S: 'T#p#t' }, sk: { S: '#' } } } };
  it.each<[string[], boolean]>([
    [[], true],
    [['{"eventName":["REMOVE"]}'], true],
    [['{"eventName":["INSERT","MODIFY"]}'], false],
    [['{"eventName":["INSERT"]}', '{"eventName":["REMOVE"]}'], true],
    [['{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"T#"}]},"sk":{"S":["#"]}}}}'], true],
    [['{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"I#"}]},"sk":{"S":["#"]}}}}'], false],
    [['{"dynamodb":{"Keys":{"other":{"S":["#"]}}}}'], false],
    [['{"eventName":{"deeper":["x"]}}'], false],
    [['{"dynamodb":{"Keys":{"sk":{"S":[{"exists":true}]}}}}'], true],
    [['{"dynamodb":{"Keys":{"sk":{"N":[{"exists":true}]}}}}'], false],
    [['{"dynamodb":{"Keys":{"sk":[{"exists":true}]}}}'], false],
  ])('%j lets it pass: %s', (patterns, passes) => {
    expect(makeFilter(patterns)(record)).toBe(passes);
  });

  it.each(['{"a":[{"suffix":"x"}]}', '{"a":[{"exists":false}]}', '{"a":"x"}', '{"a":[]}', '{}', '{"$or":[{"a":["x"]}]}', '{"a":[["x"]]}', '{"a":[{"prefix":"x","suffix":"y"}]}'])('throws on %s', (pattern) => {
    expect(() => makeFilter([pattern])).toThrow(/not a filter|empty list/);
  });
});
