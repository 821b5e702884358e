import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../../../domain/model/text.ts';

describe('what a person wrote', () => {
  it('is kept on one line, without characters that nobody sees', () => {
    expect(sentenceOf('  port\n8080 is\u202e closed\u0007 ', 'text')).toEqual({
      ok: true,
      value: 'port 8080 is closed',
    });
  });

  it.each(['', '  \n ', '\u202e\u200b'])('is refused when nothing is left of it: %j', (typed) => {
    expect(sentenceOf(typed, 'reason')).toEqual({
      ok: false,
      error: { code: 'value.wrong', name: 'reason', value: '', rule: 'say it in words.' },
    });
  });

  it('is refused, not cut, when it is too long', () => {
    expect(sentenceOf('x'.repeat(500), 'text')).toEqual({ ok: true, value: 'x'.repeat(500) });
    expect(sentenceOf('x'.repeat(501), 'text')).toMatchObject({
      ok: false,
      error: { rule: 'it has 501 characters, 500 are the most.' },
    });
  });
});
