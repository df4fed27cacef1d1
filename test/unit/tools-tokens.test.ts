import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { countTokens as theirs } from 'gpt-tokenizer/encoding/o200k_base';
import { countTokens } from '../../shared/tools/tokens.ts';

const plain = { disallowedSpecial: new Set<string>() };

describe('countTokens', () => {
  it('counts what gpt-tokenizer counts', async () => {
    const units = fc.constantFrom<'grapheme' | 'binary' | 'binary-ascii'>('grapheme', 'binary', 'binary-ascii');
    const anyText = fc.oneof(
      units.chain((unit) => fc.string({ unit, maxLength: 200 })),
      fc.lorem({ maxCount: 50 }),
      fc.base64String({ maxLength: 200 }),
      fc.tuple(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }), fc.nat(300)).map(([unit, times]) => unit.repeat(times)),
    );
    await fc.assert(fc.asyncProperty(anyText, async (text) => expect(await countTokens(text)).toBe(theirs(text, plain))), { numRuns: 600 });
  });

  it('takes a special token for the text that it is', async () => {
    expect(await countTokens('<|endoftext|>')).toBe(theirs('<|endoftext|>', plain));
    expect(await countTokens('<|endoftext|>')).toBeGreaterThan(1);
  });

  it('counts half a million unbroken letters in a moment', async () => {
    expect(await countTokens('ab'.repeat(262_144))).toBe(131_072);
  });
});
