import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyAdvisoryCard } from '../../../domain/cards/why-advisory-card.ts';
import { whyPatchCard } from '../../../domain/cards/why-card.ts';
import { deny } from '../../../domain/flows/decide.ts';
import { halt } from '../../../domain/flows/halt.ts';
import { matchFleet } from '../../../domain/flows/intel.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import { patchOn, whyDevice, whyPatch } from '../../../domain/flows/why.ts';
import { whyAdvisory } from '../../../domain/flows/why-advisory.ts';
import type { Device } from '../../../domain/model/device.ts';
import { applicabilityId, patchId } from '../../../domain/model/patch.ts';
import { asText } from '../cards/as-text.ts';
import * as make from '../make.ts';
import { advisory, feed, has, installed, knowing, outdated, signal } from './intel-world.ts';
import {
  acme,
  addRollout,
  deviceOn,
  type FlowWorld,
  flowDatabase,
  misses,
  nightly,
  riley,
  sam,
  setDeployment,
  silent,
} from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

/** The answer for acme-agent on a device, as people read it. */
async function why(world: FlowWorld, name: string): Promise<readonly string[]> {
  const device = await deviceOn(world, name);
  const patch = await patchOn(world, device, 'acme-agent');
  if (!patch) throw new Error('no patch');
  return asText(whyPatchCard(await whyPatch(world, device, patch)));
}
const explained = async (world: FlowWorld, device: Device, subject: string) => {
  const found = await whyAdvisory(world, device, subject);
  if (!found.ok || !found.value) throw new Error(`nothing about ${subject}`);
  return asText(whyAdvisoryCard(found.value));
};

describe('why a patch is not on a device yet', () => {
  it('asks the blocker of a waiting deployment anew: a halt counts at once', async () => {
    const world = db.world({ policies: [make.policy({ windows: [nightly] })] });
    await addRollout(world, ['web-1']);
    await misses(world, await deviceOn(world, 'web-1'));
    expect((await why(world, 'web-1')).slice(0, 2)).toEqual([
      'web-1: acme-agent 1.1 [Waits for window]',
      'Waits for the next window of policy standard. Until 2026-11-24T02:00:00.000Z.',
    ]);
    await halt(world, { kind: 'all' }, riley, null);
    expect((await why(world, 'web-1')).slice(0, 2)).toEqual([
      'web-1: acme-agent 1.1 [Waits for halt]',
      'Riley halted everything.',
    ]);
  });

  it('keeps what only a visit can find, such as a device that did not answer', async () => {
    const world = db.world();
    await addRollout(world, ['web-1'], { rollout: { schedule: 'now' } });
    const blocker = { kind: 'offline', text: 'web-1 does not answer.', until: null };
    await setDeployment(world, 'web-1', { blocker });
    expect((await why(world, 'web-1'))[1]).toBe('web-1 does not answer.');
    await setDeployment(world, 'web-1', { blocker: { ...blocker, kind: 'budget' } });
    expect((await why(world, 'web-1'))[1]).toContain('Nothing speaks against it');
  });

  it('shows the votes that count, and that earlier ones are void', async () => {
    const world = db.world({ policies: [make.policy({ approvals: { approve: 2, deny: 2 } })] });
    await outdated(world, ['web-1']);
    await proposePatch(world, acme);
    const [made] = await world.proposals.find({});
    if (!made) throw new Error('no proposal');
    await deny(world, { proposal: made.id, by: sam, seenRev: made.rev, reason: null });
    expect(await why(world, 'web-1')).toContain('Votes: 0 of 2 approvals; against it: Sam');
    await outdated(world, ['web-2']);
    await proposePatch(world, acme);
    expect(await why(world, 'web-2')).toContain(
      'Votes: 0 of 2 approvals; earlier votes are void: Devices changed: 1 added, 0 gone.',
    );
  });

  it('says when the plan was made without the device', async () => {
    const world = db.world();
    await outdated(world, ['web-1']);
    await proposePatch(world, acme);
    await outdated(world, ['web-2']);
    expect((await why(world, 'web-2'))[1]).toContain('was made without this device.');
  });

  it('says that nothing is to be done on a device that has it, or was never offered it', async () => {
    const world = db.world();
    const [web1] = await outdated(world, ['web-1', 'web-2']);
    if (!web1) throw new Error('no device');
    await misses(world, web1, { state: 'installed', transaction: [] });
    expect(await why(world, 'web-1')).toEqual(
      expect.arrayContaining(['web-1: acme-agent 1.1 [Nothing is to be done]', 'On the device: installed']),
    );
    const { devices } = world;
    await devices.insert({ ...make.device('mail', { facts: make.facts() }), tenant: world.tenant }, silent);
    expect(await why(world, 'mail')).toContain('On the device: not offered to it');
  });

  it('means the patch that the device still misses, not one of another platform', async () => {
    const world = db.world();
    const [web1] = await outdated(world, ['web-1']);
    if (!web1) throw new Error('no device');
    const other = patchId('debian:13', 'acme-agent', '9');
    const newer = { firstSeen: new Date('2026-11-25T00:00:00Z'), platform: 'debian:13', version: '9' };
    await world.patches.insert({ ...make.patch({ tenant: world.tenant }), ...newer, id: other }, silent);
    expect((await patchOn(world, web1, 'acme-agent'))?.id).toBe(acme);
    expect((await patchOn(world, web1, other))?.id).toBe(other);
    expect(await patchOn(world, web1, 'emacs')).toBeNull();
  });
});

describe('why a device is not done', () => {
  it('lists what it misses, and not what it has or what was replaced', async () => {
    const world = knowing(db.world());
    await feed(world, 'debian-dsa', advisory());
    const [web1] = await outdated(world, ['web-1'], { exposure: 'internet' });
    if (!web1) throw new Error('no device');
    await matchFleet(world, signal);
    const also = async (source: string, state: 'held' | 'installed' | 'missing', change: object = {}) => {
      const id = patchId('debian:12', source, '2');
      await world.patches.insert(
        { ...make.patch({ tenant: world.tenant }), id, source, version: '2', ...change },
        silent,
      );
      await misses(world, web1, { id: applicabilityId(web1.id, id), patch: id, state });
    };
    await also('vim', 'held');
    await also('bash', 'installed');
    await also('curl', 'missing', { supersededBy: acme });
    const { patches, advisories } = await whyDevice(world, web1);
    expect(advisories).toBe(1);
    expect(patches.map(({ patch, wait }) => [patch.source, wait.kind])).toEqual([
      ['acme-agent', 'a proposal'],
      ['vim', 'held'],
    ]);
    // Its own priority, as no proposal has told one.
    expect(patches[0]?.priority.why).toContain('x 1.2 exposure internet');
  });

  it('has nothing to say of a device that misses nothing', async () => {
    const world = db.world();
    const [web1] = await outdated(world, ['web-1']);
    if (!web1) throw new Error('no device');
    await misses(world, web1, { state: 'installed' });
    expect(await whyDevice(world, web1)).toMatchObject({ patches: [], advisories: null });
  });
});

describe('why an advisory concerns a device', () => {
  it('is asked of what the last scan found installed', async () => {
    const world = knowing(db.world());
    await feed(world, 'debian-dsa', advisory());
    const [web1] = await outdated(world, ['web-1']);
    if (!web1) throw new Error('no device');
    await matchFleet(world, signal);
    expect(await explained(world, web1, 'dsa-1-1')).toEqual([
      'web-1: DSA-1-1 [Open to it]',
      'Release: debian:12',
      'Patches: acme-agent 1.1: no device waits for it',
      'Last scan: 2026-11-23T12:00:00.000Z',
      '- acme-agent 1.0: open, fixed in 1.1',
    ]);
    await has(world, web1, installed('1.1'));
    await matchFleet(world, signal);
    expect((await explained(world, web1, 'DSA-1-1')).at(-1)).toBe('- acme-agent 1.1: fixed since 1.1');
  });

  it('says that another bulletin of the vendor clears it (VEX), also when asked for the one that does not', async () => {
    const world = knowing(db.world());
    await feed(world, 'debian-dsa', advisory({ id: 'DSA-5-1', cves: ['CVE-2026-5005'] }));
    const vex = { status: 'not-affected', fixed: null } as const;
    await feed(world, 'debian-tracker', advisory({ id: 'CVE-2026-5005', cves: ['CVE-2026-5005'], affected: vex }));
    const [web1] = await outdated(world, ['web-1']);
    if (!web1) throw new Error('no device');
    await matchFleet(world, signal);
    const cleared = 'another bulletin of the vendor says that this release is not affected (VEX)';
    expect(await explained(world, web1, 'DSA-5-1')).toEqual(
      expect.arrayContaining(['web-1: DSA-5-1 [It does not concern this device]', `- acme-agent 1.0: ${cleared}`]),
    );
    const both = await explained(world, web1, 'CVE-2026-5005');
    expect(both).toContain(`- DSA-5-1 (debian-dsa): acme-agent 1.0: ${cleared}`);
    expect(both).toContain(
      '- CVE-2026-5005 (debian-tracker): acme-agent 1.0: the vendor says that this release is not affected (VEX)',
    );
  });

  it('knows nothing of what no advisory names, and refuses a device that was never scanned', async () => {
    const world = db.world();
    await feed(world, 'debian-dsa', advisory());
    const [web1] = await outdated(world, ['web-1']);
    if (!web1) throw new Error('no device');
    expect(await whyAdvisory(world, web1, 'DSA-404-1')).toEqual({ ok: true, value: null });
    expect(await whyAdvisory(world, { ...web1, facts: null }, 'DSA-1-1')).toEqual({
      ok: false,
      error: { code: 'why.not-scanned', device: 'web-1' },
    });
  });
});
