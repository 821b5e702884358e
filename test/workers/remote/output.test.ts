import { describe, expect, it } from 'vitest';
import { keepOutput } from '../../../workers/remote/output.ts';

describe('kept output', () => {
  it('is all of a short text, in chunks of any size', () => {
    const output = keepOutput(1000);
    for (const byte of Buffer.from('grüße 😀')) output.add(Buffer.of(byte));
    expect(output.text()).toBe('grüße 😀');
    expect(output.cut()).toBe(false);
  });

  it.each([1, 3, 7, 10, 64, 1000])(
    'is the first and the last half of a long text that comes in chunks of %i',
    (size) => {
      const text = Array.from({ length: 997 }, (_, n) => String(n % 10)).join('');
      const output = keepOutput(11);
      for (let at = 0; at < text.length; at += size) output.add(Buffer.from(text.slice(at, at + size)));
      expect(output.text()).toBe(`${text.slice(0, 6)}\n[patchherd left out ${997 - 11} bytes here]\n${text.slice(-5)}`);
      expect(output.cut()).toBe(true);
      expect(output.seen()).toBe(997);
    },
  );

  it('of exactly the limit is not cut', () => {
    const output = keepOutput(6);
    output.add(Buffer.from('abcd'));
    output.add(Buffer.from('ef'));
    expect([output.text(), output.cut()]).toEqual(['abcdef', false]);
  });

  it('of a million one-byte chunks stays within its limit', () => {
    const before = process.memoryUsage();
    const output = keepOutput(1 << 20);
    for (let n = 0; n < 4_000_000; n++) output.add(Buffer.of(97));
    const after = process.memoryUsage();
    expect(output.seen()).toBe(4_000_000);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(64 << 20);
    expect(output.text().length).toBeLessThan((1 << 20) + 100);
  });
});
