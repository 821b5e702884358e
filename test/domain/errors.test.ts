import { describe, expect, it } from 'vitest';
import { explain, type RefusalCode, sentences } from '../../domain/errors.ts';

describe('the sentence of a refusal', () => {
  it('is filled with its words', () => {
    expect(explain({ code: 'proposal.voted', have: 1, need: 2 })).toBe(
      'Your vote is already counted: 1 of 2 approvals so far.',
    );
  });

  it.each(Object.keys(sentences) as RefusalCode[])(
    '%s names its words, and leaves no brace, when they are missing',
    (code) => {
      expect(explain({ code })).not.toMatch(/[{}]/);
    },
  );
});
