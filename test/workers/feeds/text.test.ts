import { describe, expect, it } from 'vitest';
import { cvesIn, dateOf, links, oneLine, plain, severityOf } from '../../../workers/feeds/text.ts';

describe('a title from a feed', () => {
  it('is one line without what cannot be seen', () => {
    expect(oneLine('  openssl\r\n\tsecurity\u2028update ')).toBe('openssl security update');
    expect(oneLine('a\u202egnp.exe\u202c\u2066b\u0000\u001b[31mc\ufeff\u200b\u{e0041}')).toBe('agnp.exeb[31mc');
  });
  it('keeps letters of every script, joiners and emoji', () => {
    expect(oneLine('Ñandú ﬁ 漏洞 👩\u200d💻 می\u200cخواهم')).toBe('Ñandú ﬁ 漏洞 👩\u200d💻 می\u200cخواهم');
  });
  it('is at most 200 characters long, and none of them is cut in half', () => {
    expect(oneLine('x'.repeat(200))).toBe('x'.repeat(200));
    expect(oneLine('x'.repeat(201))).toBe(`${'x'.repeat(199)}…`);
    expect(oneLine(`x${'😀'.repeat(150)}`)).toBe(`x${'😀'.repeat(99)}…`);
    expect(oneLine('\ud800 half')).toBe('half');
  });
  it.each([null, undefined, 5, {}, ['a']])('is empty when the feed has %j there', (value) => {
    expect(oneLine(value)).toBe('');
    expect(plain(value)).toBe('');
  });
});

describe('a text from a feed', () => {
  it('keeps its lines, but no more than one empty one in a row', () => {
    expect(plain(' One.  \r\n\r\n\r\n\r\nTwo\u0007  words.\rThree. ')).toBe('One.\n\nTwo words.\nThree.');
  });
  it('is at most 2,000 characters long', () => {
    expect(plain('ab '.repeat(5000))).toHaveLength(2000);
  });
  it('may be very long without taking long', () => {
    expect(plain(' '.repeat(20_000_000)).length).toBe(0);
  });
});

describe('links', () => {
  it('are https, without logins, each once, five at most', () => {
    const more = [1, 2, 3, 4, 5, 6].map((n) => `https://example.org/${n}`);
    expect(links(['http://example.org/', 'javascript:alert(1)', 'https://u:p@example.org/', 'no', 5, null])).toEqual(
      [],
    );
    expect(links(['https://EXAMPLE.org/a', ' https://example.org/a ', ...more])).toEqual([
      'https://example.org/a',
      ...more.slice(0, 4),
    ]);
    expect(links([`https://example.org/${'x'.repeat(500)}`])).toEqual([]);
  });
  it('cannot break out of a line or of markup', () => {
    expect(links(['https://example.org/a b\n"<script>'])).toEqual(['https://example.org/a%20b%22%3Cscript%3E']);
  });
});

describe('CVE ids', () => {
  it('are found in texts, sorted, each once', () => {
    expect(cvesIn(['UBUNTU-CVE-2024-1234', 'see CVE-2023-45678, cve-2023-45678 and CVE-1999-0001.', 7, null])).toEqual([
      'CVE-1999-0001',
      'CVE-2023-45678',
      'CVE-2024-1234',
    ]);
  });
  it.each(['CVE-2024-123', 'CVE-24-12345', 'CVE-2024-1234a', 'XCVE-2024-1234', 'CVE-2024-12345678901234567890', ''])(
    'are not made of %j',
    (text) => {
      expect(cvesIn([text])).toEqual([]);
    },
  );
});

describe('a date', () => {
  it.each([
    ['2024-11-12', '2024-11-12T00:00:00.000Z'],
    ['2024-11-12T08:00:00', '2024-11-12T08:00:00.000Z'],
    ['2024-11-12 08:00', '2024-11-12T08:00:00.000Z'],
    ['2024-11-12T08:00:00.123456Z', '2024-11-12T08:00:00.123Z'],
    ['2024-11-12T08:00:00+02:00', '2024-11-12T06:00:00.000Z'],
    ['2024-11-12T08:00:00-0930', '2024-11-12T17:30:00.000Z'],
    ['2024-11-12 08:00:00 UTC', '2024-11-12T08:00:00.000Z'],
    ['02 Apr 2023', '2023-04-02T00:00:00.000Z'],
    ['Tue, 12 Nov 2024 08:00:00 GMT', '2024-11-12T08:00:00.000Z'],
    ['Sunday, 1 September 2024 08:00:00 +0200', '2024-09-01T06:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ])('written as %s is understood', (text, iso) => {
    expect(dateOf(text)?.toISOString()).toBe(iso);
  });
  it.each([
    '',
    'soon',
    '1',
    '20241112',
    '2023-02-29',
    '2024-13-01',
    '2024-00-10',
    '0001-01-01',
    '9999-12-31',
    '2024-11-12T25:00',
    '31 Foo 2024',
    1731398400,
    null,
  ])('is not made of %j', (text) => {
    expect(dateOf(text)).toBeNull();
  });
});

describe('a severity', () => {
  it.each([
    ['Critical', 'critical'],
    ['IMPORTANT', 'important'],
    ['high', 'important'],
    [' Moderate ', 'moderate'],
    ['Medium', 'moderate'],
    ['low', 'low'],
    ['negligible', 'low'],
    ['unimportant', 'low'],
    ['None', 'unrated'],
    ['not yet assigned', 'unrated'],
    ['constructor', 'unrated'],
    [undefined, 'unrated'],
    [9, 'unrated'],
  ])('written as %j is %s', (word, severity) => {
    expect(severityOf(word)).toBe(severity);
  });
});
