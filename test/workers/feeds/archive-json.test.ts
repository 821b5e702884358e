import { describe, expect, it } from 'vitest';
import { Failure } from '../../../domain/model/failure.ts';
import { jsonOf } from '../../../workers/feeds/archive.ts';

describe('JSON', () => {
  const said = (text: string): string => {
    try {
      jsonOf(text, 'The file kev.json');
    } catch (error) {
      if (error instanceof Failure && error.code === 'feed.unreadable') return error.message;
      throw error;
    }
    throw new Error('it could be read');
  };
  it('may be 64 levels deep, and not 65', () => {
    const nested = (levels: number) => `${'[{"a":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`;
    expect(jsonOf(nested(64))).toBeInstanceOf(Array);
    expect(said(nested(66))).toBe('The file kev.json is nested more than 64 levels deep: no feed does that.');
    expect(said('['.repeat(10_000_000))).toContain('64 levels');
  });
  it('may have any number of brackets in its strings', () => {
    const tricky = { a: '['.repeat(200), 'b\\"': `\\"${'{'.repeat(200)}\\\\`, c: ['"[{', '\\'] };
    expect(jsonOf(JSON.stringify(tricky))).toEqual(tricky);
  });
  it.each([
    ['', 'The file kev.json is empty: JSON was expected.'],
    ['  <!DOCTYPE html><html>', 'The file kev.json is a web page or XML: JSON was expected.'],
    ['{"vulnerabilities": [', 'The file kev.json is not JSON, or is cut short.'],
    ['{"a": "', 'The file kev.json is not JSON, or is cut short.'],
    ['{"a": "\\', 'The file kev.json is not JSON, or is cut short.'],
    ['cve,epss', 'The file kev.json is not JSON, or is cut short.'],
  ])('is not %j', (text, sentence) => {
    expect(said(text)).toBe(sentence);
  });
});
