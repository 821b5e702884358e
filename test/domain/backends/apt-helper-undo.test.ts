/** The ways back that the root helper keeps before an install, and when it refuses to go back. */
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missingPrograms } from '../../../demo/repository.ts';
import { apt } from '../../../domain/backends/apt.ts';
import { type AptDevice, item, makeAptDevice, noApt, opId } from './apt-device.ts';

const agent = [item('acme-agent', '1.0', '1.1')];

describe.skipIf(noApt)('the way back', () => {
  let device: AptDevice;
  beforeEach(async () => {
    device = await makeAptDevice();
  });
  afterEach(() => device.remove());
  /** What apt itself would do to have this version. */
  const simulated = async (version: string) =>
    apt.readSimulations((await device.run(apt.simulate([[{ name: 'acme-agent', version }]]))).stdout)[0];
  /** The update is planned and prepared with a way back, installed, and gone again. */
  async function expectWayBack(): Promise<void> {
    expect(await simulated('1.1')).toMatchObject({ undo: 'downgrade' });
    expect(await device.prepare('p', agent)).toMatchObject({ undo: 'downgrade' });
    await device.install('i', agent);
    expect(await device.undo('u', 'p')).toMatchObject({ code: 0, packages: [{ version: '1.0', whole: true }] });
  }

  it('removes a package only when that was approved', async () => {
    const rival = { name: 'acme-agent', version: '1.2', control: { Conflicts: 'acme-tool', Provides: 'acme-tool' } };
    await device.useRepositories([device.repositories.first, await device.offer('rival', [rival])]);
    const update = item('acme-agent', '1.0', '1.2');
    expect(await device.prepare('p', [update])).toMatchObject({ code: 'helper.plan-differs' });
    const both = (await simulated('1.2'))?.transaction ?? [];
    expect(both.map(({ name, to }) => ({ name, to })).sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: 'acme-agent', to: '1.2' },
      { name: 'acme-tool', to: null },
    ]);
    expect(await device.prepare('p', both)).toMatchObject({ kind: 'ready', undo: 'downgrade' });
    expect((await device.install('i', both)).code).toBe(0);
    expect(await device.undo('u', 'p')).toMatchObject({ code: 0 });
    expect((await device.fullScan()).packages).toContainEqual(
      expect.objectContaining({ name: 'acme-tool', version: '1.0' }),
    );
  });

  it('says before the install that there is no way back, and offers none later', async () => {
    await device.useRepositories([device.repositories.updates]);
    expect(await simulated('1.1')).toMatchObject({ undo: 'none' });
    expect(await device.prepare('p', agent)).toMatchObject({
      kind: 'ready',
      undo: 'none',
      log: expect.stringContaining('no way back: acme-agent 1.0'),
    });
    await device.install('i', agent);
    const order = { op: 'undo', id: opId('u'), fence: 1, of: opId('p') } as const;
    expect(await device.ask(order)).toMatchObject({ kind: 'refused', code: 'helper.no-undo' });
  });

  it("takes the old version from apt's cache when no repository has it", async () => {
    await device.useRepositories([device.repositories.updates]);
    const old = join(device.dir, '../repositories/first/acme-agent_1.0_all.deb');
    await device.sh(`cp "${old}" "$DPKG_ROOT/var/cache/apt/archives/"`);
    await expectWayBack();
  });

  const noRepack = missingPrograms(['dpkg-repack']).length > 0 || process.getuid?.() !== 0;
  if (noRepack) console.warn('skipped: dpkg-repack is not here, or this is not root');
  it.skipIf(noRepack)('packs the old version up when there is no other way', async () => {
    await device.useRepositories([device.repositories.updates]);
    await mkdir(join(device.dir, 'usr/bin'), { recursive: true });
    await symlink('/usr/bin/dpkg-repack', join(device.dir, 'usr/bin/dpkg-repack'));
    await expectWayBack();
  });

  it('does not install a kept package that somebody changed', async () => {
    await device.prepare('p', agent);
    await device.install('i', agent);
    await device.sh('for deb in "$DPKG_ROOT"/var/lib/patchherd/ops/p/undo/*.deb; do echo x >>"$deb"; done');
    const order = { op: 'undo', id: opId('u'), fence: 1, of: opId('p') } as const;
    expect(await device.ask(order)).toMatchObject({ kind: 'refused', code: 'helper.no-undo' });
    expect((await device.fullScan()).packages).toContainEqual(
      expect.objectContaining({ name: 'acme-agent', version: '1.1' }),
    );
  });

  it('takes no other package away to go back', async () => {
    await device.prepare('p', agent);
    await device.install('i', agent);
    const later = { name: 'acme-later', version: '1', control: { Depends: 'acme-agent (>= 1.1)' } };
    await device.useRepositories([...Object.values(device.repositories), await device.offer('later', [later])]);
    await device.install('j', [item('acme-later', null, '1')]);
    const order = { op: 'undo', id: opId('u'), fence: 1, of: opId('p') } as const;
    expect(await device.ask(order)).toMatchObject({
      code: 'helper.plan-differs',
      text: expect.stringContaining('Remv acme-later'),
    });
    expect((await device.fullScan()).packages.map(({ name }) => name)).toContain('acme-later');
  });
});
