/** The prompt's grammar. */
import { describe, expect, it } from 'vitest';
import { quoted, readLine } from '../../../bot/web/words.ts';

describe('a typed line', () => {
  it.each([
    ['status web-1', 'status', ['web-1']],
    ['/patch status web-1', 'status', ['web-1']],
    ['/status web-1', 'status', ['web-1']],
    ['STATUS', 'status', []],
    ['  approve   r-1 ', 'approve', ['r-1']],
    [
      'exception request web-1 "until the vendor answers"',
      'exception',
      ['request', 'web-1', 'until the vendor answers'],
    ],
    ['deny “not now”', 'deny', ['not now']],
    ['deny "never closed', 'deny', ['never closed']],
    ['search ""', 'search', ['']],
    ['', 'help', []],
    ['/patch', 'help', []],
    ['show CVE-2026-1234', 'show', ['CVE-2026-1234']],
  ])('%j is the verb %s with the words %j', (line, verb, words) => {
    expect(readLine(line)).toEqual({ verb, words });
  });

  it('reads a quoted word back as one', () => {
    expect(readLine(`show ${quoted('db one')} ${quoted('web-1')}`).words).toEqual(['db one', 'web-1']);
  });
});
