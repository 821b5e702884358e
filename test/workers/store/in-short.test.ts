import { describe, expect, it } from 'vitest';
import type { DeviceId, PatchId, ProposalId, TenantId } from '../../../domain/model/ids.ts';
import { newDatabase } from '../../database.ts';
import { device, patch, plan, proposal } from '../../domain/make.ts';

const database = newDatabase();
let tenants = 0;
const silent = { events: [] };

/** A tenant of its own for each test, with these devices. */
async function having(...names: readonly string[]) {
  tenants += 1;
  const tenant = `t${tenants}` as TenantId;
  const store = database().tenant(tenant);
  for (const name of names) await store.devices.insert({ ...device(name), tenant }, silent);
  const named = async (where: Parameters<typeof store.devices.pick>[0], limit?: number) =>
    (await store.devices.pick(where, ['name'], limit)).map(({ name }) => name);
  return { tenant, store, named };
}

describe('records in short', () => {
  it('have only the fields that are asked for, in order of id', async () => {
    const { store } = await having('b', 'a');
    expect(await store.devices.pick({}, ['name', 'exposure'])).toEqual([
      { name: 'a', exposure: 'internal' },
      { name: 'b', exposure: 'internal' },
    ]);
    expect(await store.devices.pick({ id: { in: ['d-b' as DeviceId] } }, ['id'])).toEqual([{ id: 'd-b' }]);
    expect(await store.devices.pick({}, ['id'], 1)).toHaveLength(1);
  });

  it('are of one tenant only', async () => {
    await having('mine');
    const { named } = await having('yours');
    expect(await named({})).toEqual(['yours']);
    expect(await named({ id: { beginning: '' } })).toEqual(['yours']);
  });
});

describe('records by a part of a text', () => {
  it('are found by how it begins, as it is written', async () => {
    const { named } = await having('web-1', 'web-2', 'Web-3', 'new-web');
    expect(await named({ name: { beginning: 'web' } })).toEqual(['web-1', 'web-2']);
    expect(await named({ id: { beginning: 'd-web' } })).toEqual(['web-1', 'web-2']);
    expect(await named({ name: { beginning: 'x' } })).toEqual([]);
  });

  it('are found by everything that it contains, in any order and case', async () => {
    const { named } = await having('eu-web-1', 'us-web-1', 'eu-db-1');
    expect(await named({ name: { containing: ['WEB', 'eu'] } })).toEqual(['eu-web-1']);
    expect(await named({ name: { containing: [] } })).toHaveLength(3);
  });

  it.each(['.', '.*', '^web', 'web$', '(', '[a-z]', '\\d', 'a|w', '{1}', '+', '?'])(
    'take %s as text, not as a pattern',
    async (typed) => {
      const { named } = await having('web');
      expect(await named({ name: { containing: [typed] } })).toEqual([]);
      expect(await named({ name: { beginning: typed } })).toEqual([]);
    },
  );
});

describe('records by what their lists hold', () => {
  it('are found by one of it', async () => {
    const { tenant, store } = await having();
    const put = (source: string, ...advisories: readonly string[]) => {
      const id = `debian:12/${source}=1` as PatchId;
      return store.patches.insert({ ...patch({ advisories }), id, tenant, source }, silent);
    };
    await put('a', 'x/1', 'x/2');
    await put('b', 'x/3');
    await put('c');
    const found = async (...keys: readonly string[]) =>
      (await store.patches.pick({ advisories: { holding: keys } }, ['source'])).map(({ source }) => source);
    expect(await found('x/2', 'x/3')).toEqual(['a', 'b']);
    expect([await found('x/9'), await found()]).toEqual([[], []]);
  });
});

describe('proposals in short', () => {
  it('say how many devices their plan has, and neither plan nor votes', async () => {
    const { tenant, store } = await having();
    const made = { ...proposal({ state: 'deferred' }), tenant, plan: plan(['web-1', 'web-2', 'web-3']) };
    await store.proposals.insert(made, silent);
    await store.proposals.insert({ ...made, id: 'p-2' as ProposalId, state: 'denied' }, silent);
    const { plan: _plan, votes: _votes, ...rest } = made;
    expect(await store.proposals.heads({ state: { in: ['deferred'] } })).toEqual([{ ...rest, devices: 3 }]);
    expect(await store.proposals.heads({}, 1)).toHaveLength(1);
  });
});

describe('CVEs by the beginning of their id', () => {
  it('are in order, and only those that a feed has spoken of', async () => {
    const { store } = await having();
    const value = { added: '2026-11-01', due: '2026-11-22', ransomware: false };
    const ids = ['CVE-2026-1001', 'CVE-2026-1002', 'CVE-2026-2001', 'CVE-2025-1001'];
    await store.cves.takeOver(
      'kev',
      ids.map((id) => ({ field: 'kev', id, value })),
      true,
    );
    expect(await store.cves.beginning('CVE-2026-1', 10)).toEqual(['CVE-2026-1001', 'CVE-2026-1002']);
    expect(await store.cves.beginning('CVE-202', 1)).toEqual(['CVE-2025-1001']);
    expect(await store.cves.beginning('DSA', 10)).toEqual([]);
  });
});
