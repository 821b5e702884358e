import { describe, expect, it } from 'vitest';
import type { DeviceFindings, Finding } from '../../../domain/model/finding.ts';
import type { DeviceId, TenantId } from '../../../domain/model/ids.ts';
import { newDatabase } from '../../database.ts';
import { noon } from '../../domain/make.ts';

const database = newDatabase();
let tenants = 0;

const id = (name: string) => name as DeviceId;
const finding = (advisory: string, change: Partial<Finding> = {}): Finding => ({
  advisory,
  package: 'vim',
  installed: '1.0',
  fixed: '1.1',
  verdict: 'vulnerable',
  requires: null,
  ...change,
});
/** A tenant of its own for each test. */
function newTenant() {
  tenants += 1;
  const tenant = `t${tenants}` as TenantId;
  const on = (name: string, ...open: readonly Finding[]): DeviceFindings => {
    return { device: id(name), tenant, release: 'debian:12', exposure: 'internal', at: noon, open };
  };
  return { tenant, store: database().tenant(tenant).findings, on };
}

describe('the store of findings', () => {
  it('gives back what was put, in its order, also several of one advisory', async () => {
    const { store, on } = newTenant();
    const put = on(
      'web-1',
      finding('debian/DSA-2', { verdict: 'unknown', fixed: null }),
      finding('debian/DSA-1', { package: 'libvim', requires: 'ubuntu-pro' }),
      finding('debian/DSA-2', { package: 'vim-tiny', verdict: 'mitigated' }),
    );
    await store.put(put);
    expect(await store.get(id('web-1'))).toEqual(put);
    expect(await store.get(id('web-2'))).toBeNull();
  });

  it('replaces what was there', async () => {
    const { store, on } = newTenant();
    await store.put(on('web-1', finding('a'), finding('b')));
    await store.put(on('web-1', finding('c')));
    expect(await store.get(id('web-1'))).toEqual(on('web-1', finding('c')));
    expect([await store.count(['a']), await store.count(['c'])]).toEqual([0, 1]);
  });

  it('gives those of some devices', async () => {
    const { store, on } = newTenant();
    for (const name of ['web-1', 'web-2', 'web-3']) await store.put(on(name, finding(name)));
    const found = await store.of([id('web-3'), id('nope'), id('web-1')]);
    expect(found.map(({ device }) => device).sort()).toEqual(['web-1', 'web-3']);
    expect(await store.of([])).toEqual([]);
  });

  it('finds and counts devices that are open to one of some advisories, each device once', async () => {
    const { store, on } = newTenant();
    await store.put(on('web-1', finding('a'), finding('b')));
    await store.put(on('web-2', finding('b')));
    await store.put(on('web-3', finding('c')));
    await store.put(on('web-4'));
    const found = async (...keys: readonly string[]) =>
      (await store.openTo(keys, 10)).map(({ device }) => device).sort();
    expect(await found('a', 'b')).toEqual(['web-1', 'web-2']);
    expect(await found('nope')).toEqual([]);
    expect(await found()).toEqual([]);
    expect([await store.count(['a', 'b']), await store.count(['a', 'c']), await store.count([])]).toEqual([2, 2, 0]);
    expect(await store.openTo(['a', 'b', 'c'], 2)).toHaveLength(2);
  });

  it('names devices without reading what they are open to, and counts them by exposure', async () => {
    const { store, on } = newTenant();
    await store.put({ ...on('web-1', finding('a'), finding('b')), exposure: 'internet' });
    await store.put({ ...on('web-2', finding('b')), exposure: 'internet' });
    await store.put({ ...on('web-3', finding('b')), exposure: null });
    await store.put({ ...on('web-4', finding('c')), exposure: null });
    expect([...(await store.devicesOpenTo(['a', 'b'], 10))].sort()).toEqual(['web-1', 'web-2', 'web-3']);
    expect(await store.devicesOpenTo(['a', 'b', 'c'], 2)).toHaveLength(2);
    const none = { internal: 0, isolated: 0 };
    const counted = async (...keys: readonly string[]) => Object.fromEntries(await store.byExposure(keys));
    expect(await counted('a', 'b')).toEqual({ ...none, internet: 2, null: 1 });
    expect(await counted('nope')).toEqual({ ...none, internet: 0, null: 0 });
  });

  it('keeps tenants apart, even with equal devices', async () => {
    const [mine, other] = [newTenant(), newTenant()];
    await mine.store.put(mine.on('web-1', finding('shared')));
    expect(await other.store.get(id('web-1'))).toBeNull();
    expect(await other.store.openTo(['shared'], 10)).toEqual([]);
    expect(await other.store.devicesOpenTo(['shared'], 10)).toEqual([]);
    expect((await other.store.byExposure(['shared'])).get('internal')).toBe(0);
    expect(await other.store.count(['shared'])).toBe(0);
    expect(await other.store.of([id('web-1')])).toEqual([]);
  });

  it('survives being put several times at once', async () => {
    const { store, on } = newTenant();
    await Promise.all(Array.from({ length: 10 }, () => store.put(on('web-1', finding('a')))));
    expect(await store.get(id('web-1'))).toEqual(on('web-1', finding('a')));
  });
});
