import { describe, expect, it } from 'vitest';
import type { TenantId } from '../../../domain/model/ids.ts';
import { newDatabase } from '../../database.ts';

const database = newDatabase();

describe('the store of lifecycles', () => {
  const cycle = (product: string, name: string) => ({ product, cycle: name, eol: '2028-06-30', latest: null });
  it('keeps them by product, and forgets those that a complete delivery does not name', async () => {
    const store = database().tenant('acme' as TenantId).lifecycles;
    expect(await store.put([cycle('debian', '13'), cycle('debian', '12'), cycle('nginx', '1.26')], true)).toBe(2);
    expect(await store.of('debian')).toEqual([cycle('debian', '13'), cycle('debian', '12')]);
    expect(await store.put([cycle('debian', '13'), cycle('debian', '12')], false)).toBe(0);
    expect(await store.put([cycle('debian', '13')], true)).toBe(2);
    expect(await store.of('nginx')).toEqual([]);
    expect(await store.of('debian')).toEqual([cycle('debian', '13')]);
  });
});
