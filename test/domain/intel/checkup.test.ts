import { beforeAll, describe, expect, it } from 'vitest';
import { readPlan } from '../../../domain/backends/apt-plan.ts';
import { readPolicy } from '../../../domain/backends/apt-scan-read.ts';
import { readListing } from '../../../domain/backends/listing.ts';
import { byKey, type Checked, type CheckInput, checkUp } from '../../../domain/intel/checkup.ts';
import { buildIndex } from '../../../domain/intel/match.ts';
import { plannedBy } from '../../../domain/intel/offered.ts';
import type { Advisory } from '../../../domain/model/advisory.ts';
import { advisory, affects } from './make.ts';
import { recordings, textOf } from './recorded.ts';

const at = new Date('2026-11-23T12:00:00Z');
type Given = {
  readonly listing: string;
  readonly plan?: string;
  readonly advisories?: readonly Advisory[];
  readonly release?: string;
  readonly all?: boolean;
};

/** Checks a listing with a plan as apt printed it. */
async function check({
  listing,
  plan,
  advisories = [],
  release = 'debian:12',
  all = false,
}: Given): Promise<readonly Checked[]> {
  const { packages } = readListing(listing, 'deb');
  const lines = plan?.split('\n');
  const input: CheckInput = {
    release,
    packages,
    modules: new Set(),
    plan: lines ? plannedBy(readPlan(lines, 'amd64'), packages, readPolicy(lines)) : null,
    index: await buildIndex(advisories),
    advisories: byKey(advisories),
    cves: new Map(),
    device: { criticality: 'normal', exposure: 'internal' },
    at,
  };
  return checkUp(input, all);
}
const of = (checked: readonly Checked[], name: string): Checked | undefined =>
  checked.find((one) => one.package === name);

const listing =
  'openssl\t3.0.15-1~deb12u1\tamd64\topenssl\t3.0.15-1~deb12u1\tii \nlibssl3\t3.0.15-1~deb12u1\tamd64\topenssl\t3.0.15-1~deb12u1\tii \n';
const plan = 'Inst openssl [3.0.15-1~deb12u1] (3.0.17-1~deb12u2 Debian-Security:12/oldstable-security [amd64])';
const dsa = (id: string, fixed: string | null) =>
  advisory(id, { cves: ['CVE-2026-0001'], affected: [affects('debian:12', 'openssl', fixed)] });

describe('a check of one package', () => {
  it('is vulnerable, and says whether what is on offer mends it', async () => {
    const [openssl] = await check({
      listing,
      plan,
      advisories: [dsa('DSA-1', '3.0.17-1~deb12u1'), dsa('DSA-2', '3.0.18-1'), dsa('CVE-2026-0002', null)],
    });
    expect(openssl).toMatchObject({
      package: 'openssl',
      installed: '3.0.15-1~deb12u1',
      offered: '3.0.17-1~deb12u2',
      fixed: '3.0.18-1',
      verdict: 'vulnerable',
      state: 'missing',
      known: 3,
    });
    expect(openssl?.open.map(({ advisory: { id }, fixedByOffer }) => [id, fixedByOffer])).toEqual([
      ['DSA-1', true],
      ['DSA-2', false],
      ['CVE-2026-0002', false],
    ]);
    expect(openssl?.priority?.due).toBe('next-window');
  });

  it('is unknown when no advisory speaks of it, and ranks by its archive', async () => {
    const [openssl] = await check({ listing, plan });
    expect([openssl?.verdict, openssl?.known, openssl?.priority?.band]).toEqual(['unknown', 0, 'normal']);
    const bugfix = plan.replace('Debian-Security:12/oldstable-security', 'Debian:12.15/oldstable');
    expect((await check({ listing, plan: bugfix }))[0]?.priority?.band).toBe('low');
  });

  it('is fixed when every advisory is, and then only shown when everything is asked for', async () => {
    const old = { listing, advisories: [dsa('DSA-1', '3.0.15-1~deb12u1')] };
    expect(await check(old)).toEqual([]);
    const [openssl] = await check({ ...old, all: true });
    expect([openssl?.verdict, openssl?.state, openssl?.priority]).toEqual(['fixed', 'installed', null]);
  });

  it('is not offered when the plan says nothing of a fix, as with a pin, and unplanned when there is no plan', async () => {
    const open = { listing, advisories: [dsa('DSA-1', '3.0.17-1')] };
    const nothing = '0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.';
    expect((await check({ ...open, plan: nothing }))[0]?.state).toBe('not-offered');
    expect((await check(open))[0]?.state).toBe('unplanned');
  });

  it('tells a hold from what is phased in and from what apt keeps back for reasons of its own', async () => {
    const kept = 'The following packages have been kept back:\n  openssl';
    const held = listing.replace('\tii ', '\thi ');
    const policy =
      ' \nopenssl:\n  Installed: 3.0.15\n  Candidate: 3.0.17\n  Version table:\n     3.0.17 500 (phased 10%)\n        500 http://deb.example.org x/main amd64 Packages';
    const states = await Promise.all([
      check({ listing: held, plan: kept }),
      check({ listing, plan: kept + policy }),
      check({ listing, plan: kept }),
      check({ listing, plan: 'The following upgrades have been deferred due to phasing:\n  openssl' }),
    ]);
    expect(states.map(([openssl]) => openssl?.state)).toEqual(['held', 'phased', 'kept-back', 'phased']);
    expect(states[1]?.[0]?.offered).toBe('3.0.17');
  });

  it('names what would be removed, and ranks it by nothing but that', async () => {
    const [openssl] = await check({ listing, plan: 'Remv libssl3 [3.0.15-1~deb12u1]' });
    expect([openssl?.state, openssl?.planned[0]?.to, openssl?.priority?.band]).toEqual(['removed', null, 'low']);
  });

  it('cannot say whether a binary with a version of its own mends its source', async () => {
    const other = 'gcc\t4:12.2.0-3\tamd64\tgcc-defaults\t1.203\tii \n';
    const [gcc] = await check({
      listing: other,
      plan: 'Inst gcc [4:12.2.0-3] (4:12.3.0-1 Debian:12.15/oldstable [amd64])',
      advisories: [advisory('DSA-1', { affected: [affects('debian:12', 'gcc-defaults', '1.204')] })],
    });
    expect(gcc?.open[0]?.fixedByOffer).toBeNull();
    expect(gcc?.offered).toBe('4:12.3.0-1');
  });
});

/** Fixes of the recorded changelogs, as a vendor would name them. */
function advisoriesOf(file: string, release: string): readonly Advisory[] {
  const patches = JSON.parse(textOf(file)) as { source: string; candidate: string; entries: { cves: string[] }[] }[];
  return patches
    .map(({ source, candidate, entries }) =>
      advisory(`FIX-${source}`, {
        cves: entries.flatMap(({ cves }) => cves),
        affected: [affects(release, source, candidate)],
      }),
    )
    .filter(({ cves }) => cves.length > 0);
}

describe.skipIf(!recordings)('recorded plans', () => {
  let noble: readonly Advisory[] = [];
  beforeAll(() => {
    noble = advisoriesOf('ubuntu/changelogs.noble.json.gz', 'ubuntu:24.04');
  });
  const inventory = () => textOf('ubuntu/dpkg-query.noble.tsv');
  const onNoble = (plan: string, text = inventory()) =>
    check({ listing: text, plan, advisories: noble, release: 'ubuntu:24.04' });
  const counts = (checked: readonly Checked[]) => {
    const all = checked.flatMap(({ planned }) => planned.map(({ state }) => state));
    return Object.fromEntries(
      [...new Set(all)].sort().map((state) => [state, all.filter((one) => one === state).length]),
    );
  };

  it('of bookworm: 128 updates, and everything vulnerable gets its fix', async () => {
    const checked = await check({
      listing: textOf('debian/dpkg-query.bookworm.tsv'),
      plan: textOf('debian/apt-get-s-dist-upgrade.bookworm.txt.gz'),
      advisories: advisoriesOf('debian/changelogs.bookworm.json.gz', 'debian:12'),
    });
    expect(counts(checked)).toEqual({ missing: 128 });
    const vulnerable = checked.filter(({ verdict }) => verdict === 'vulnerable');
    expect(vulnerable).toHaveLength(27);
    expect(vulnerable.flatMap(({ open }) => open).filter(({ fixedByOffer }) => fixedByOffer === false)).toEqual([]);
  });

  it('of noble: updates, and packages that are new', async () => {
    const checked = await onNoble(textOf('ubuntu/apt-get-s-dist-upgrade.noble.txt.gz'));
    expect(counts(checked)).toEqual({ missing: 260, new: 24 });
    expect(of(checked, 'linux-image-6.8.0-151-generic')).toMatchObject({ state: 'new', installed: null });
    expect(of(checked, 'nghttp2')).toMatchObject({ state: 'missing', verdict: 'vulnerable' });
  });

  /** The pin of this recording (n=noble) also matches the security archive: apt offers the update, and what apt offers counts. */
  it('of noble with openssl held and nginx pinned in vain', async () => {
    const text = inventory().replace(/^(openssl\t.*\t)ii /m, '$1hi ');
    const checked = await onNoble(textOf('ubuntu/apt-get-s-dist-upgrade.noble-openssl-held-nginx-pinned.txt'), text);
    expect(counts(checked)).toEqual({ held: 1, missing: 259, new: 24 });
    expect(
      of(checked, 'openssl')
        ?.planned.map(({ name, state }) => `${name} ${state}`)
        .sort(),
    ).toEqual(['libssl3t64 missing', 'openssl held']);
    expect(of(checked, 'nginx')).toMatchObject({ state: 'missing', verdict: 'vulnerable' });
  });

  it('of noble with packages that are phased in', async () => {
    const plan = textOf('ubuntu/apt-get-s-dist-upgrade.noble-phased-kept-back.txt');
    const states = (checked: readonly Checked[]) =>
      checked
        .flatMap(({ planned }) => planned.filter(({ state }) => state === 'phased' || state === 'kept-back'))
        .map(({ name, state }) => `${name} ${state}`);
    expect(states(await onNoble(plan)).sort()).toEqual([
      'alsa-ucm-conf kept-back',
      'libnma-common kept-back',
      'libnma0 kept-back',
    ]);
    const policy = textOf('ubuntu/apt-cache-policy.systemd-phased.txt').replaceAll('systemd', 'alsa-ucm-conf');
    expect(states(await onNoble(`${plan}\n${policy}`)).sort()).toContain('alsa-ucm-conf phased');
  });
});
