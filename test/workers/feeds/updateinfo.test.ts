/** updateinfo.xml: the recorded repositories with exact counts, what each field becomes, and files that are broken or hostile. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { updateinfo } from '../../../workers/feeds/updateinfo.ts';
import { counted, fleet, given } from './advisories.ts';
import { fileWith, hasProgram } from './served.ts';
import { recorded } from './shelf.ts';

const read = (content: string | Buffer, ...releases: string[]) =>
  given(updateinfo.read(fileWith(content), fleet(...releases)));
const updates = (...list: string[]) => `<?xml version="1.0" encoding="UTF-8"?>\n<updates>${list.join('')}</updates>`;
const pack = (fields: Record<string, string> = {}, inner = '') => {
  const all = { name: 'xz', epoch: '0', version: '5.2.5', release: '8.el9_0', arch: 'x86_64', ...fields };
  const attributes = Object.entries(all).map(([name, value]) => `${name}="${value}"`);
  return `<package ${attributes.join(' ')}><filename>x.rpm</filename>${inner}</package>`;
};
type Parts = { id?: string; head?: string; body?: string; packages?: string; module?: string };
const update = ({
  id = 'ALSA-2026:0001',
  head = 'status="final" type="security"',
  body = '',
  packages = pack(),
  module = '',
}: Parts = {}) =>
  `<update ${head}><id>${id}</id>${body}<pkglist><collection short="c"><name>c</name>${module}${packages}</collection></pkglist></update>`;
const one = async (parts: Parts) => {
  const { advisories, dropped } = await read(updates(update(parts)));
  expect(dropped).toEqual([]);
  return advisories[0];
};

describe('recorded repositories', () => {
  const cases = [
    ['almalinux9-baseos/updateinfo.xml.gz', ['ALSA-2022:4940', 'ALBA-2023:0123'], { 'almalinux:9': 2 }],
    ['almalinux9-appstream/updateinfo.xml.gz', ['ALSA-2023:7549'], { 'almalinux:9': 1 }],
    // 56 packages: debug symbols are half of them, and the rest is listed for three architectures.
    ['amazon2023-updateinfo.xml.gz', ['ALAS2023-2023-001'], { 'amzn:2023': 11 }],
    ['amazon2023-kernel-livepatch-updateinfo.xml.gz', ['ALAS2023LIVEPATCH-2023-001'], { 'amzn:2023': 1 }],
    ['fedora43-updateinfo.xml.zst', ['FEDORA-2025-4a08954c02'], { 'fedora:43': 3 }],
    [
      'rocky/happy/pub/rocky/9/BaseOS/x86_64/os/repodata/aaaa587b7c2316f0b357a284fc32836ceee13fe54e277cc841b30ecefb7cbb42a-updateinfo.xml.gz',
      ['RLSA-2022:7513', 'RLBA-2023:0456'],
      { 'rocky:9': 2 },
    ],
    [
      'rocky/happy/vault/rocky/8.6/BaseOS/x86_64/os/repodata/dddd587b7c2316f0b357a284fc32836ceee13fe54e277cc841b30ecefb7cbb42a-updateinfo.xml.gz',
      ['RLSA-2022:1234'],
      { 'rocky:8': 1 },
    ],
  ] as const;
  for (const [name, ids, entries] of cases) {
    const file = recorded(`rpm/${name}`);
    const able = file !== null && (!name.endsWith('.zst') || hasProgram('zstd'));
    it.skipIf(!able)(`${name.replace(/[0-9a-f]{60,}-/, '')} holds ${ids.join(' and ')}`, async () => {
      const { advisories, dropped, code } = await given(updateinfo.read(file ?? '', fleet()));
      expect([advisories.map(({ id }) => id), dropped, code]).toEqual([ids, [], null]);
      expect(counted(advisories.flatMap(({ affected }) => affected.map(({ release }) => release)))).toEqual(entries);
    });
  }

  const alma = recorded('rpm/almalinux9-baseos/updateinfo.xml.gz');
  it.skipIf(!alma)('become whole advisories', async () => {
    const { advisories } = await given(updateinfo.read(alma ?? '', fleet('almalinux:9')));
    expect(advisories[0]).toEqual({
      id: 'ALSA-2022:4940',
      feed: 'updateinfo',
      title: 'Important: xz security update',
      text: 'XZ Utils is an integrated collection of user-space file compression utilities.',
      kind: 'security',
      cves: ['CVE-2022-1271'],
      severity: 'important',
      vendorSeverity: 'Important',
      affected: [
        {
          release: 'almalinux:9',
          names: 'binary',
          package: 'xz',
          introduced: null,
          fixed: '0:5.2.5-8.el9_0',
          status: 'affected',
          requires: null,
          module: null,
          repositories: ['almalinux-9-for-x86_64-baseos-rpms'],
        },
      ],
      published: new Date('2022-06-08T00:00:00Z'),
      modified: new Date('2023-03-07T17:32:16Z'),
      withdrawn: null,
      reboot: false,
      livepatch: false,
      references: [
        'https://errata.almalinux.org/9/ALSA-2022-4940.html',
        'https://access.redhat.com/errata/RHSA-2022:4940',
        'https://access.redhat.com/security/cve/CVE-2022-1271',
      ],
    });
    expect(advisories[1]).toMatchObject({ kind: 'bugfix', severity: 'unrated', vendorSeverity: null });
  });
  it.skipIf(!alma)('are passed over for a fleet of other releases', async () => {
    expect(await given(updateinfo.read(alma ?? '', fleet('almalinux:8', 'rocky:9')))).toMatchObject({
      advisories: [],
      dropped: [],
      code: null,
    });
  });

  const bad = recorded('rpm/rocky/badid/pub/rocky/9/BaseOS/x86_64/os/repodata/badid-updateinfo.xml.gz');
  it.skipIf(!bad)('lose an update whose id is none', async () => {
    const { advisories, dropped } = await given(updateinfo.read(bad ?? '', fleet()));
    expect([advisories, dropped]).toEqual([
      [],
      [{ kind: 'dropped', where: 'NOT-A-VALID-ADVISORY-ID', why: 'its id is not valid' }],
    ]);
  });
  const corrupt = recorded('rpm/rocky/corruptcrc/pub/rocky/9/BaseOS/x86_64/os/repodata/corrupt-updateinfo.xml.gz');
  it.skipIf(!corrupt)('are refused when the gzip checksum is wrong', async () => {
    expect((await given(updateinfo.read(corrupt ?? '', fleet()))).code).toBe('feed.unreadable');
  });
});

describe('an update', () => {
  it.each([
    ['security', 'security'],
    ['bugfix', 'bugfix'],
    ['recommended', 'bugfix'],
    ['enhancement', 'feature'],
    ['newpackage', 'feature'],
    ['optional', 'feature'],
    ['unspecified', 'bugfix'],
  ])('of type %s is of kind %s', async (type, kind) => {
    expect((await one({ head: `status="final" type="${type}"` }))?.kind).toBe(kind);
  });

  it('has the epoch in its fixed version, and 0 where there is none', async () => {
    const packages = `${pack({ epoch: '3' })}<package name="b" version="1" release="2.el9" arch="noarch"/>`;
    const fixed = (await one({ packages }))?.affected.map(({ fixed }) => fixed);
    expect(fixed).toEqual(['3:5.2.5-8.el9_0', '0:1-2.el9']);
  });

  it('is an entry for each package and build, not for each architecture', async () => {
    const arches = ['x86_64', 'i686', 'aarch64'].map((arch) => pack({ arch })).join('');
    expect((await one({ packages: arches + pack({ release: '9.el9' }) }))?.affected).toHaveLength(2);
  });

  it('without anything but sources and debug symbols is passed over', async () => {
    const packages = [
      { arch: 'src' },
      { name: 'xz-debuginfo' },
      { name: 'xz-debugsource' },
      { name: 'kernel-debuginfo-common-x86_64' },
    ];
    expect(await read(updates(update({ packages: packages.map((fields) => pack(fields)).join('') })))).toEqual({
      advisories: [],
      dropped: [],
      gone: [],
      code: null,
    });
  });

  it('has the module stream that its collection names', async () => {
    const module = '<module name="nodejs" stream="18" version="9" context="c" arch="x86_64"/>';
    expect((await one({ module }))?.affected[0]?.module).toBe('nodejs:18');
  });
  it('has the one stream of its title for modular builds, and for no other', async () => {
    const body = '<title>Important: nodejs:18 security update</title>';
    const packages = pack({ release: '1.module+el9.1.0+13358+56c3b6a3' }) + pack({ name: 'plain' });
    expect((await one({ body, packages }))?.affected.map(({ module }) => module)).toEqual(['nodejs:18', null]);
    const two = '<title>Moderate: virt:rhel and virt-devel:rhel security update</title>';
    expect((await one({ body: two, packages }))?.affected.map(({ module }) => module)).toEqual([null, null]);
  });

  it('that its vendor took back is withdrawn on that day', async () => {
    const body = '<issued date="2026-01-02 03:04:05"/><updated date="2026-02-03 00:00:00"/>';
    expect((await one({ head: 'status="retracted" type="security"', body }))?.withdrawn).toEqual(
      new Date('2026-02-03'),
    );
    expect((await one({ head: 'status="retracted" type="security"' }))?.withdrawn).not.toBeNull();
    expect((await one({ body }))?.withdrawn).toBeNull();
  });

  it.each([
    ['<reboot_suggested>True</reboot_suggested>', '', true],
    ['<reboot_suggested>1</reboot_suggested>', '', true],
    ['<reboot_suggested/>', '', true],
    ['', '<reboot_suggested>True</reboot_suggested>', true],
    ['<reboot_suggested>False</reboot_suggested>', '', false],
    ['<restart_suggested>True</restart_suggested>', '', false],
  ])('with %s%s wants a reboot: %s', async (body, inner, reboot) => {
    expect((await one({ body, packages: pack({}, inner) }))?.reboot).toBe(reboot);
  });

  it('takes its severity from the title where the field is empty or None', async () => {
    const title = '<title>Critical: xz security update</title>';
    expect(await one({ body: `${title}<severity>None</severity>` })).toMatchObject({
      severity: 'critical',
      vendorSeverity: 'Critical',
    });
    expect(await one({ body: `${title}<severity>important</severity>` })).toMatchObject({
      severity: 'important',
      vendorSeverity: 'important',
    });
  });

  it('names the CVEs of its references and of the titles of its bugs, not those of its description', async () => {
    const body = `<references>
      <reference href="https://x.example/1" id="CVE-2026-1000" type="cve" title=""/>
      <reference href="https://x.example/2" id="77" type="bugzilla" title="CVE-2026-2000 xz: overflow"/>
      <reference href="https://x.example/3" id="CVE-2026-1000" type="self"/>
      <reference href="https://x.example/4" id="CVE-26-1" type="cve"/></references>
      <description>Unlike CVE-2020-9999, this one is ours.</description>`;
    expect((await one({ body }))?.cves).toEqual(['CVE-2026-1000', 'CVE-2026-2000']);
  });

  it.each([
    ['ALSA-2026:1', '1.el8', 'almalinux:8'],
    ['ALEA-2026:1', '1.el10_1', 'almalinux:10'],
    ['RLBA-2026:1', '1.el9', 'rocky:9'],
    ['RHSA-2026:1', '1.el9_6', 'rhel:9'],
    ['ELSA-2026-1', '1.el9', 'ol:9'],
    ['ALAS2-2026-1', '1.amzn2', 'amzn:2'],
    ['ALAS2023-2026-1', '1.amzn2023.0.1', 'amzn:2023'],
    ['FEDORA-2026-ab12', '1.fc43', 'fedora:43'],
  ])('%s with a build %s is for %s', async (id, release, expected) => {
    expect((await one({ id, packages: pack({ release }) }))?.affected[0]?.release).toBe(expected);
  });
  it('goes by its other packages, then by its own release, where a build has no tag', async () => {
    const packages = pack({ name: 'a', release: '1' }) + pack({ name: 'b', release: '1.el8' });
    const places = (await one({ packages }))?.affected.map(({ release }) => release);
    expect(places).toEqual(['almalinux:8', 'almalinux:8']);
    const body = '<release>Rocky Linux 9</release>';
    expect((await one({ id: 'RLSA-2026:1', body, packages: pack({ release: '1' }) }))?.affected[0]?.release).toBe(
      'rocky:9',
    );
  });

  it.each([
    [
      'of EPEL, which is for many distributions',
      { id: 'FEDORA-EPEL-2026-ab12' },
      'it does not say which release it is for',
    ],
    ['of an unknown vendor', { id: 'ACME-2026-1' }, 'it does not say which release it is for'],
    ['without a dist tag', { packages: pack({ release: '1' }) }, 'it does not say which release it is for'],
    ['without packages', { packages: '' }, 'its packages is not valid'],
    ['without an id', { id: '' }, 'its id is not valid'],
    ['with a hostile id', { id: '$(reboot)-1' }, 'its id is not valid'],
    ['with a hostile name', { packages: pack({ name: 'xz;reboot' }) }, 'its packages.0.name is not valid'],
    ['with a hostile version', { packages: pack({ version: '1 || true' }) }, 'its packages.0.version is not valid'],
    ['with an epoch that is no number', { packages: pack({ epoch: '-1' }) }, 'its packages.0.epoch is not valid'],
    [
      'without a release',
      { packages: '<package name="a" version="1" arch="x86_64"/>' },
      'its packages.0.release is not valid',
    ],
  ])('%s is dropped and counted, and the others stay', async (_, parts: Parts, why) => {
    const { advisories, dropped, code } = await read(updates(update(parts), update({ id: 'ALSA-2026:0002' })));
    expect([advisories.map(({ id }) => id), dropped.map((item) => item.why), code]).toEqual([
      ['ALSA-2026:0002'],
      [why],
      null,
    ]);
  });

  it('keeps hostile texts as plain text, cut short', async () => {
    const body = `<title>&lt;script&gt;alert(1)&lt;/script&gt;\u202egnp.exe\n @channel ${'x'.repeat(500)}</title>
      <references><reference href="http://x.example/" type="self"/><reference href="javascript:alert(1)" type="self"/></references>
      <description><![CDATA[<b>a & b</b>]]>${'y'.repeat(100_000)}</description>`;
    const advisory = await one({ body });
    expect(advisory?.title).toMatch(/^<script>alert\(1\)<\/script>gnp\.exe @channel x+…$/);
    expect([...(advisory?.title ?? '')]).toHaveLength(200);
    expect(advisory?.text.startsWith('<b>a & b</b>yyy')).toBe(true);
    expect(advisory?.text.length).toBeLessThanOrEqual(2000);
    expect(advisory?.references).toEqual([]);
  });

  it('that stands twice in a file is one, with the packages of both and the newer text', async () => {
    const { advisories } = await read(
      updates(
        update({ body: '<title>new</title><updated date="2026-02-01"/>', packages: pack({ name: 'a' }) }),
        update({ body: '<title>old</title><updated date="2026-01-01"/>', packages: pack({ name: 'b' }) }),
      ),
    );
    expect(advisories).toHaveLength(1);
    expect([advisories[0]?.title, advisories[0]?.affected.map((entry) => entry.package)]).toEqual(['new', ['a', 'b']]);
  });
});

describe('a file that is no updateinfo.xml', () => {
  const whole = updates(update());
  const laughs = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('');
  it.each([
    ['a web page', '<!DOCTYPE html><html><body>Sign in</body></html>'],
    ['a web page without a document type', '<html><body>Sign in</body></html>'],
    ['JSON', '{"updates":[]}'],
    ['nothing', ''],
    ['another kind of XML', '<?xml version="1.0"?><repomd/>'],
    ['XML that is cut short', whole.slice(0, -20)],
    ['XML with an entity of its own', '<updates><update>&lol;</update></updates>'],
    ['entities that multiply', `<!DOCTYPE updates [<!ENTITY l0 "lol">${laughs}]><updates>&l9;</updates>`],
    ['an entity that is a file', '<!DOCTYPE u [<!ENTITY x SYSTEM "file:///etc/passwd">]><updates>&x;</updates>'],
    ['a harmless document type', `<!DOCTYPE updates>${whole}`],
    ['tags that do not match', '<updates><update></updates></update>'],
    ['nesting without end', `<updates>${'<a>'.repeat(100_000)}`],
  ])('(%s) is a failure, not an empty feed', async (_, content) => {
    expect(await read(content)).toMatchObject({ advisories: [], dropped: [], code: 'feed.unreadable' });
  });
  it('(gzip that is cut short) is a failure', async () => {
    const packed = gzipSync(updates(...Array.from({ length: 2000 }, (_, n) => update({ id: `ALSA-2026:${n}` }))));
    expect((await read(packed.subarray(0, packed.length / 2))).code).toBe('feed.unreadable');
  });
  it.each([
    ['of elements', `<updates>${'<a/>'.repeat(12 * 1024 ** 2)}</updates>`, 'feed.bomb'],
    ['of one text', `<updates><update>${' '.repeat(24 * 1024 ** 2)}</update></updates>`, 'feed.unreadable'],
    ['of one record', `<updates><update>${'<a/>'.repeat(200_001)}</update></updates>`, 'feed.unreadable'],
  ])('(a bomb %s) is stopped', async (_, content, code) => {
    expect((await read(gzipSync(content))).code).toBe(code);
  });
  it('is none of these when it has no updates', async () => {
    expect(await read(updates())).toMatchObject({ advisories: [], code: null });
  });
});
