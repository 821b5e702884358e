/** A device with packages of Ubuntu's FIPS archives, with the real apt: from its scan to what it is open to. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AptRoot, makeAptRoot } from '../../../demo/apt-root.ts';
import { buildRepository } from '../../../demo/repository.ts';
import { apt } from '../../../domain/backends/apt.ts';
import { look } from '../../../domain/flows/scan.ts';
import { buildIndex } from '../../../domain/intel/match.ts';
import { releaseOf } from '../../../domain/model/advisory.ts';
import type { Device } from '../../../domain/model/device.ts';
import { noApt } from '../backends/apt-device.ts';
import { advisory, affects } from '../intel/make.ts';
import * as make from '../make.ts';
import { flowDatabase } from './world.ts';

const [ordinary, rebuilt] = ['1.1.1f-1ubuntu2.20', '1.1.1f-1ubuntu2.fips.2.8'];
/** Feeds of Ubuntu give entries of FIPS archives this stream: osv-ecosystem.ts. */
const entry = { ...affects('ubuntu:20.04', 'openssl', '1.1.1f-1ubuntu2.fips.17'), module: 'fips' };

describe.skipIf(noApt)('a device with packages of the FIPS archives', () => {
  let db: Awaited<ReturnType<typeof flowDatabase>>;
  let folder: string;
  let root: AptRoot;
  beforeAll(async () => {
    [db, folder] = await Promise.all([flowDatabase(), mkdtemp(join(tmpdir(), 'patchherd-fips-'))]);
    const packages = [ordinary, rebuilt].map((version) => ({
      ...{ name: 'libssl1.1', version },
      control: { Source: 'openssl' },
    }));
    const repository = await buildRepository(join(folder, 'ubuntu'), packages, { label: 'Ubuntu', suite: 'focal' });
    root = await makeAptRoot(join(folder, 'device'), { repositories: [repository] });
    await writeFile(join(root.dir, 'etc/os-release'), 'ID=ubuntu\nVERSION_ID="20.04"\nVERSION_CODENAME=focal\n');
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await db?.close();
  });

  async function scanned(device: Device, stamp: string | null) {
    const run = async () => ({ kind: 'exited' as const, cut: false, ...(await root.run(apt.scan(stamp))) });
    const { facts, report } = await look(db.world(), device, stamp, { run });
    const packages = report.kind === 'full' ? report.packages : [];
    const [modules, livepatched] = [new Set(facts.modules), new Set(facts.livepatched)];
    const index = await buildIndex([advisory('USN-1-1', { affected: [entry] })]);
    const open = index.match({ release: releaseOf(facts.os), packages, modules, livepatched });
    return { kind: report.kind, facts, open: open.map(({ installed, verdict }) => `${installed} ${verdict}`) };
  }

  it('is open to what their advisories say, and one without is not', async () => {
    await root.install([`libssl1.1=${ordinary}`]);
    expect(await scanned(make.device('web-1'), null)).toMatchObject({ facts: { modules: [] }, open: [] });
    await root.install([`libssl1.1=${rebuilt}`]);
    expect(await scanned(make.device('web-1'), null)).toMatchObject({
      facts: { modules: ['fips'] },
      open: [`${rebuilt} vulnerable`],
    });
  });
  it('is one still when a visit finds nothing changed', async () => {
    await root.install([`libssl1.1=${rebuilt}`]);
    const { facts } = await scanned(make.device('web-1'), null);
    const again = await scanned(make.device('web-1', { facts }), facts.stamp);
    expect(again).toMatchObject({ kind: 'unchanged', facts: { modules: ['fips'] } });
  });
  it('is read in full once more after a scan that did not look for them', async () => {
    const { facts } = await scanned(make.device('web-1'), null);
    const before = facts.stamp.replace(/^\d+-/, '1-');
    expect(apt.readScan((await root.run(apt.scan(before))).stdout).kind).toBe('full');
  });
});
