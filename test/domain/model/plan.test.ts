import { describe, expect, it } from 'vitest';
import { canonical, digestOf, sha256, undoSummary } from '../../../domain/model/plan.ts';
import { plan } from '../make.ts';

describe('the digest of a plan', () => {
  it('does not depend on the order of keys', async () => {
    const { patch, ...rest } = plan(['web-1']);
    expect(await digestOf({ ...rest, patch })).toBe(await digestOf(plan(['web-1'])));
  });

  it.each([
    ['a device', plan(['web-1', 'web-2'])],
    ['the schedule', plan(['web-1'], { schedule: 'now' })],
    ['the reboot policy', plan(['web-1'], { reboot: 'never' })],
    ['what happens to configuration files', plan(['web-1'], { conffiles: 'replace' })],
  ])('changes with %s', async (_, other) => {
    expect(await digestOf(other)).not.toBe(await digestOf(plan(['web-1'])));
  });

  it('changes with one version of one package', async () => {
    const base = plan(['web-1']);
    const entries = base.entries.map((entry) => ({
      ...entry,
      transaction: entry.transaction.map((item) => ({ ...item, to: '1.2' })),
    }));
    expect(await digestOf({ ...base, entries })).not.toBe(await digestOf(base));
  });

  it('is sha256 (the vector of FIPS 180-2 for "abc")', async () => {
    expect(await sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});

describe('the canonical form', () => {
  it('sorts keys at every depth, keeps lists, leaves undefined out', () => {
    expect(canonical({ b: [{ d: 1, c: 'x' }], a: null, z: undefined })).toBe('{"a":null,"b":[{"c":"x","d":1}]}');
  });
});

describe('the summary of ways back', () => {
  it('counts downgrades and impossible ones', () => {
    const base = plan(['web-1', 'web-2', 'web-3']);
    const entries = base.entries.map((entry, index) => ({
      ...entry,
      undo: index === 0 ? ('none' as const) : entry.undo,
    }));
    expect(undoSummary({ ...base, entries })).toEqual({ downgrade: 2, none: 1 });
  });
});
