import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makePlace, type Place, type Ran } from './shell.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 60_000 }); // a dozen processes, each of which compiles the shell, on a busy machine
let place: Place;
beforeAll(async () => {
  place = await makePlace();
  for (const [name, text] of Object.entries(files)) await put(`feeds/${name}`, text);
  await put('listing.tsv', listing);
  await put('plan.txt', plan);
});
afterAll(() => place?.remove());

const put = (name: string, content: string | Buffer): Promise<string> => place.write(name, content);
const check = (...args: readonly string[]): Promise<Ran> => place.run('check', ...args);

const cve = 'CVE-2023-44487';
const resolved = (fixed: string) => ({
  bookworm: { status: 'resolved', fixed_version: fixed, urgency: 'not yet assigned' },
});
const open = { bookworm: { status: 'open', urgency: 'not yet assigned' } };
const files = {
  'debian-tracker.json': JSON.stringify({
    nghttp2: { [cve]: { description: 'Streams that are reset at once', releases: resolved('1.52.0-1+deb12u1') } },
    bash: { 'CVE-2020-0001': { description: 'Old', releases: resolved('5.2.15-1') } },
    zlib: { 'CVE-2026-0002': { description: 'No fix yet', releases: open } },
  }),
  'kev.json': JSON.stringify({
    dateReleased: '2026-06-29T00:00:00Z',
    vulnerabilities: [
      { cveID: cve, dateAdded: '2023-10-10', dueDate: '2023-10-31', knownRansomwareCampaignUse: 'Unknown' },
    ],
  }),
  'epss-2026-06-28.csv': `#model_version:v1,score_date:2026-06-28T00:00:00+0000\ncve,epss,percentile\n${cve},0.99999,1\nCVE-2026-0002,0.002,0.1\n`,
  'ssvc.json': JSON.stringify({
    dataType: 'CVE_RECORD',
    dataVersion: '5.1',
    cveMetadata: { cveId: cve, state: 'PUBLISHED' },
    containers: {
      cna: {
        metrics: [
          {
            cvssV3_1: { version: '3.1', baseScore: 7.5, vectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H' },
          },
        ],
      },
      adp: [
        {
          title: 'CISA ADP Vulnrichment',
          providerMetadata: { shortName: 'CISA-ADP' },
          metrics: [
            {
              other: {
                type: 'ssvc',
                content: {
                  id: cve,
                  options: [{ Exploitation: 'active' }, { Automatable: 'yes' }, { 'Technical Impact': 'partial' }],
                },
              },
            },
          ],
        },
      ],
    },
  }),
};
const listing = [
  'libnghttp2-14\t1.52.0-1\tamd64\tnghttp2\t1.52.0-1\tii ',
  'bash\t5.2.15-2+b8\tamd64\tbash\t5.2.15-2\tii ',
  'zlib1g\t1:1.2.13.dfsg-1\tamd64\tzlib\t1:1.2.13.dfsg-1\thi ',
].join('\n');
const plan = [
  'The following packages have been kept back:',
  '  zlib1g',
  '1 upgraded, 1 newly installed, 1 to remove and 1 not upgraded.',
  'Remv old-daemon [1.0]',
  'Inst libnghttp2-14 [1.52.0-1] (1.52.0-1+deb12u2 Debian-Security:12/oldstable-security [amd64])',
  'Inst linux-image-6.1.0-40-amd64 (6.1.192-2 Debian-Security:12/oldstable-security [amd64])',
].join('\n');
const debian = ['--os', 'debian:12', '--inventory', 'listing.tsv', '--plan', 'plan.txt', '--feeds', 'feeds'] as const;

describe('patchherd check', () => {
  it('prints what is open, until when, and every addend, most urgent first', async () => {
    const { code, stdout, stderr } = await check(...debian, '--exposed', '--criticality', 'mission');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.replace(/\b2\d{3}-\d{2}-\d{2}(?= \(\d+ days|\.$)/gm, 'DATE')).toMatchInlineSnapshot(`
      "debian:12: 3 packages installed.
      CISA KEV: 1 record, from files of DATE.
      EPSS: 2 records, from files of DATE.
      CISA Vulnrichment: 2 records, from files of DATE.
      Debian security tracker: 3 records, from files of DATE.

      emergency 87 nghttp2 1.52.0-1 -> 1.52.0-1+deb12u2 [vulnerable, missing]
        Fixes    CVE-2023-44487 (exploited)
        Fixed in 1.52.0-1+deb12u1
        Due      DATE (3 days: exploited, exposed, automatable, partial impact
                 (BOD 26-04, row 11))
        Sum      severity Important (CVSS 7.5 by cna, CVE-2023-44487): 28; KEV since
                 2023-10-10, CVE-2023-44487: 30; x 1.25 criticality mission; x 1.2
                 exposure internet; = 87

      normal 21    linux-image-6.1.0-40-amd64 new -> 6.1.192-2 [no advisory, new]

      low 21       zlib 1:1.2.13.dfsg-1 [vulnerable, held]
        Fixes    CVE-2026-0002
        Fixed in no version yet
        Due      DATE (60 days: not exploited, exposed, not automatable, partial
                 impact (BOD 26-04, row 2))
        Sum      severity Unrated: 14; EPSS 0.2 %, CVE-2026-0002: 0; x 1.25
                 criticality mission; x 1.2 exposure internet; = 21
        Assumed  severity unrated: ranked like moderate; no SSVC data for
                 CVE-2026-0002: taken as not automatable, impact partial

      low 8        old-daemon [no advisory, removed]

      Summary: 2 packages are vulnerable, 1 of them known to be exploited; the plan
      updates 1 of the vulnerable ones and changes 2 others.
      "
    `);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('reads the listing from a pipe, and says the same as one JSON document', async () => {
    const args = ['check', '--os', 'debian:12', '--plan', 'plan.txt', '--feeds', 'feeds', '--all', '--json'];
    const { code, stdout, stderr } = await place.start(args, {}, listing).ended;
    expect([code, stderr]).toEqual([0, '']);
    const { format, release, packages, planned, patches } = JSON.parse(stdout);
    expect({ format, release, packages, planned }).toEqual({
      format: 1,
      release: 'debian:12',
      packages: 3,
      planned: true,
    });
    const states = patches.map((patch: Record<string, unknown>) => [
      patch['package'],
      patch['verdict'],
      patch['state'],
    ]);
    expect(states).toEqual([
      ['nghttp2', 'vulnerable', 'missing'],
      ['linux-image-6.1.0-40-amd64', 'unknown', 'new'],
      ['zlib', 'vulnerable', 'held'],
      ['old-daemon', 'unknown', 'removed'],
      ['bash', 'fixed', 'installed'],
    ]);
    expect(patches[0]).toMatchObject({
      installed: '1.52.0-1',
      offered: '1.52.0-1+deb12u2',
      fixed: '1.52.0-1+deb12u1',
      advisories: [{ id: cve, fixedByOffer: true, verdict: 'vulnerable' }],
      cves: [{ id: cve, kev: { added: '2023-10-10' } }],
      priority: {
        band: 'high',
        due: '14-days',
        deciding: cve,
        assumed: ['criticality normal: nobody has said'],
      },
    });
  });

  it('says plainly that it knows no advisory when there is no feed, and shows the plan alone', async () => {
    const { code, stdout } = await check('--os', 'debian:12', '--inventory', 'listing.tsv', '--plan', 'plan.txt');
    expect(code).toBe(0);
    expect(stdout).toContain('No advisory is known: nothing can be said of vulnerabilities.');
    expect(stdout).toContain('[no advisory, missing]');
    expect(stdout).not.toContain('vulnerable,');
    expect(stdout).toContain('Summary: the plan changes 3 packages.');
  });

  it('does not take a feed that is cut short for one that says nothing', async () => {
    const packed = gzipSync(files['debian-tracker.json']);
    await put('cut/debian-tracker.json.gz', packed.subarray(0, packed.length - 9));
    const { code, stdout, stderr } = await check(...debian.slice(0, 6), '--feeds', 'cut');
    expect(code).toBe(0);
    expect(stderr).toContain('Not read: debian-tracker.json.gz: ');
    expect(stdout).toContain('No advisory is known');
    expect(stdout).toMatch(/1 file of the feeds could not be read:\s+what they say is missing\./);
  });

  it('answers bad input with a sentence and exit code 2', async () => {
    await put('page.html', '<!DOCTYPE html><html></html>');
    await put('cut.txt', plan.split('\n').slice(0, 5).join('\n'));
    await put('error.txt', 'E: Could not get lock /var/lib/dpkg/lock-frontend');
    const os = ['--os', 'debian:12'];
    const from = [...os, '--inventory', 'listing.tsv'];
    const cases: readonly (readonly [readonly string[], string])[] = [
      [['--os', 'debian'], '"debian" is no release that is known here'],
      [['--os', 'templeos:5'], '"templeos:5" is no release that is known here'],
      [[...os, '--inventory', 'nowhere.tsv'], 'The inventory nowhere.tsv does not exist.'],
      [[...os, '--inventory', 'page.html'], 'The inventory cannot be read: line 1 is "<!DOCTYPE html>'],
      [os, 'The inventory cannot be read: nothing is installed in it.'],
      [[...from, '--plan', 'page.html'], 'The plan cannot be used: it is not what "apt-get -s dist-upgrade" prints'],
      [[...from, '--plan', 'cut.txt'], 'it is cut short: apt speaks of 2 packages to install, and 1 follow'],
      [[...from, '--plan', 'error.txt'], 'apt would not plan: E: Could not get lock'],
      [['--os', 'alpine:3.20', '--inventory', 'listing.tsv'], 'It has to be what this prints: apk list --installed'],
      [[...from, '--feeds', 'nowhere'], 'The directory of feeds nowhere cannot be read'],
      [[...from, '--criticality', 'huge'], '--criticality is "huge": it must be one of low, normal, high, mission.'],
      [from, 'There is nothing to check against'],
    ];
    const ran = await Promise.all(cases.map(([args]) => check(...args)));
    for (const [at, [, sentence]] of cases.entries()) {
      expect(ran[at]?.stderr).toContain(sentence);
      expect(ran[at]?.stderr).not.toMatch(/^\s+at /m);
      expect([sentence, ran[at]?.code, ran[at]?.stdout]).toEqual([sentence, 2, '']);
    }
  });
});
