import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patchNamed } from '../../../domain/flows/views.ts';
import { patch } from '../make.ts';
import { announced } from './intel-world.ts';
import { acme, flowDatabase, onlyProposal, silent } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

describe('the patch that somebody means', () => {
  it('is found by its id, by a proposal, by its package, and by its version', async () => {
    const world = await announced(db.world());
    const later = new Date('2026-11-24T12:00:00Z');
    const newer = patch({ id: 'debian:12/acme-agent=1.2', version: '1.2', firstSeen: later, tenant: world.tenant });
    await world.patches.insert(newer, silent);
    const { id } = await onlyProposal(world);
    const version = async (typed: string) => {
      const found = await patchNamed(world, typed);
      return found.ok ? found.value.version : found.error.code;
    };
    expect(await version(acme)).toBe('1.1');
    expect(await version(id)).toBe('1.1');
    expect(await version('acme-agent')).toBe('1.2');
    expect(await version('acme-agent=1.1')).toBe('1.1');
    expect(await version('acme')).toBe('patch.unknown');
    const ubuntu = { id: 'ubuntu:24.04/acme-agent=1.2', platform: 'ubuntu:24.04', version: '1.2' };
    await world.patches.insert(patch({ ...ubuntu, tenant: world.tenant }), silent);
    expect(await patchNamed(world, 'acme-agent')).toEqual({
      ok: false,
      error: {
        code: 'patch.ambiguous',
        subject: 'acme-agent',
        ids: 'debian:12/acme-agent=1.2, ubuntu:24.04/acme-agent=1.2',
      },
    });
  });
});
