/** Inserts of one turn of the event loop travel together, and still each of them succeeds or fails for itself. */
import { beforeAll, expect, it } from 'vitest';
import type { TenantId } from '../../../domain/model/ids.ts';
import type { Proposal } from '../../../domain/model/proposal.ts';
import type { TenantStore } from '../../../workers/store/connect.ts';
import { newDatabase } from '../../database.ts';
import { proposal } from '../../domain/make.ts';

const database = newDatabase();
let store: TenantStore;
beforeAll(() => {
  store = database().tenant('acme' as TenantId);
});

it('tells only the one whose id exists that nothing was written, wherever it stands among the others', async () => {
  await store.proposals.insert(proposal({ id: 'p-2', rev: 7 }), { events: [] });
  const ids = ['p-1', 'p-2', 'p-3', 'p-1'];
  const inserted = await Promise.all(ids.map((id) => store.proposals.insert(proposal({ id }), { events: [] })));
  expect(inserted).toEqual([true, false, true, false]);
  expect((await store.proposals.find({})).map(({ id, rev }) => [id, rev])).toEqual([
    ['p-1', 3],
    ['p-2', 7],
    ['p-3', 3],
  ]);
});

it('refuses a field that its kind does not have, and writes the others', async () => {
  const strange = { ...proposal({ id: 'p-4' }), colour: 'red' } as Proposal;
  const inserts = [strange, proposal({ id: 'p-5' })].map((one) => store.proposals.insert(one, { events: [] }));
  const [refused, written] = await Promise.allSettled(inserts);
  expect(refused).toMatchObject({ status: 'rejected' });
  expect(written).toEqual({ status: 'fulfilled', value: true });
  expect(await store.proposals.count({})).toBe(4);
});
