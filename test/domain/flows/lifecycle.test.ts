import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lifecycleOf, supportWords } from '../../../domain/flows/lifecycle.ts';
import { type FlowWorld, flowDatabase } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
let world: FlowWorld;
beforeAll(async () => {
  db = await flowDatabase();
  world = db.world();
  const cycle = (product: string, name: string, eol: string | null) => ({ product, cycle: name, eol, latest: null });
  await world.lifecycles.put(
    [
      cycle('debian', '12', '2026-06-10'),
      cycle('ubuntu', '24.04', '2029-05-31'),
      cycle('rocky-linux', '9', '2032-05-31'),
      cycle('alpine-linux', '3.19', null),
    ],
    true,
  );
});
afterAll(() => db.close());

describe('the support of a system', () => {
  it.each([
    ['debian', '12', 'ended on 2026-06-10'],
    ['ubuntu', '24.04', 'until 2029-05-31'],
    ['rocky', '9.4', 'until 2032-05-31'],
    ['alpine', '3.19.1', null],
    ['debian', '13', null],
    ['gentoo', '2.17', null],
  ])('of %s %s is %s', async (id, version, words) => {
    const lifecycle = await lifecycleOf(world, { id, version, codename: '' });
    expect(supportWords(lifecycle, new Date('2026-11-26T12:00:00Z'))).toBe(words);
  });
  it('is there on its last day', () => {
    const last = { product: 'debian', cycle: '12', eol: '2026-06-10', latest: null };
    expect(supportWords(last, new Date('2026-06-10T23:00:00Z'))).toBe('until 2026-06-10');
  });
});
