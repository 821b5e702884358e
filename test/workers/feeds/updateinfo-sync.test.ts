/** How repositories are followed: which ones are asked, what their checksums decide, and what of them is refused. */
import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { updateinfo } from '../../../workers/feeds/updateinfo.ts';
import { fleet } from './advisories.ts';
import { newServed } from './served.ts';
import { recorded } from './shelf.ts';

const served = newServed(updateinfo);
const update = (id: string, name: string) =>
  `<update type="security"><id>${id}</id><title>Low: ${name}</title><pkglist><collection>
   <package name="${name}" epoch="0" version="1" release="2.el9" arch="x86_64"/></collection></pkglist></update>`;
const index = (href: string, checksum: string, kind = 'sha256') =>
  `<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>
   <data type="primary"><checksum type="sha256">00</checksum><location href="repodata/primary.xml.gz"/></data>
   <data type="updateinfo"><checksum type="${kind}">${checksum}</checksum><location href="${href}"/></data></repomd>`;
const sum = (content: Buffer, kind = 'sha256') => createHash(kind).update(content).digest('hex');

let folders = 0;
/** A repository with these updates below a folder of its own. */
function repository(name: string, ...updates: string[]) {
  const content = gzipSync(`<updates>${updates.join('')}</updates>`);
  served.put(`${name}/repodata/${sum(content)}-updateinfo.xml.gz`, content);
  served.put(`${name}/repodata/repomd.xml`, index(`repodata/${sum(content)}-updateinfo.xml.gz`, sum(content)));
}
const folder = () => `r${++folders}`;
const alma9 = fleet('almalinux:9');

describe('the feed updateinfo', () => {
  it('puts the packages of one advisory together from all repositories of a distribution', async () => {
    const place = folder();
    repository(`${place}/9/BaseOS`, update('ALSA-2026:1', 'openssl'));
    repository(`${place}/9/AppStream`, update('ALSA-2026:1', 'openssl-devel'), update('ALSA-2026:2', 'vim'));
    const url = ['BaseOS', 'AppStream']
      .map((name) => `almalinux=${served.address(`${place}/{release}/${name}/`)}`)
      .join(' ');
    const first = await served.sync(url, null, alma9);
    expect(first).toMatchObject({ complete: false, code: null, dropped: [] });
    expect(first?.advisories.map(({ id, affected }) => [id, affected.map((entry) => entry.package)])).toEqual([
      ['ALSA-2026:1', ['openssl', 'openssl-devel']],
      ['ALSA-2026:2', ['vim']],
    ]);
    expect(await served.sync(url, first?.cursor ?? null, alma9)).toBeNull();

    // One of them changes: what the other one says of the same advisory must not be lost.
    repository(`${place}/9/AppStream`, update('ALSA-2026:1', 'openssl-perl'));
    const second = await served.sync(url, first?.cursor ?? null, alma9);
    expect(second?.advisories.map(({ affected }) => affected.map((entry) => entry.package))).toEqual([
      ['openssl', 'openssl-perl'],
    ]);
    expect(await served.sync(url, second?.cursor ?? null, alma9)).toBeNull();
  });

  it('leaves the repositories of a distribution alone in which nothing has changed', async () => {
    const place = folder();
    repository(`${place}/a`, update('ALSA-2026:1', 'a'));
    repository(`${place}/b`, update('RLSA-2026:1', 'b'));
    const url = `almalinux:9=${served.address(`${place}/a`)} rocky:9=${served.address(`${place}/b`)}`;
    const both = fleet('almalinux:9', 'rocky:9');
    const first = await served.sync(url, null, both);
    repository(`${place}/b`, update('RLSA-2026:2', 'b'));
    served.asked();
    const second = await served.sync(url, first?.cursor ?? null, both);
    expect(second?.advisories.map(({ id }) => id)).toEqual(['RLSA-2026:2']);
    expect(served.asked().filter((name) => name.endsWith('.gz'))).toHaveLength(1);
  });

  it('gives a repository the release of its entry, whatever the ids in it', async () => {
    const place = folder();
    repository(`${place}/epel`, update('FEDORA-EPEL-2026-ab12', 'htop'));
    const given = await served.sync(`almalinux:9=${served.address(`${place}/epel`)}`, null, alma9);
    expect(given?.advisories[0]?.affected[0]?.release).toBe('almalinux:9');
  });
  it('lets the updates tell where the entry is an address only', async () => {
    const place = folder();
    repository(place, update('RLSA-2026:1', 'a'), update('ALSA-2026:1', 'b'));
    const given = await served.sync(served.address(place), null, alma9);
    expect(given?.advisories.map(({ id }) => id)).toEqual(['ALSA-2026:1']);
  });

  it('reads everything again when a release has joined the fleet, and for no other reason', async () => {
    const place = folder();
    repository(`${place}/8`, update('ALSA-2026:8', 'a'));
    repository(`${place}/9`, update('ALSA-2026:9', 'b'));
    const url = `almalinux=${served.address(`${place}/{release}`)}`;
    const first = await served.sync(url, null, alma9);
    expect(first?.advisories.map(({ id }) => id)).toEqual(['ALSA-2026:9']);
    expect(await served.sync(url, first?.cursor ?? null, fleet('almalinux:9', 'debian:12'))).toBeNull();
    const second = await served.sync(url, first?.cursor ?? null, fleet('almalinux:8', 'almalinux:9'));
    expect(second?.advisories.map(({ id }) => id)).toEqual(['ALSA-2026:8', 'ALSA-2026:9']);
  });
  it('starts over when what it remembered cannot be read', async () => {
    const place = folder();
    repository(place, update('ALSA-2026:1', 'a'));
    for (const cursor of ['', 'nonsense', '{"sums":{}}']) {
      expect((await served.sync(`almalinux:9=${served.address(place)}`, cursor, alma9))?.advisories).toHaveLength(1);
    }
  });

  it('follows a list of mirrors to its first line', async () => {
    const place = folder();
    repository(`${place}/guids/77`, update('ALAS2023-2026-1', 'a'));
    served.put(`${place}/mirror.list`, `${served.address(`${place}/guids/77/`)}\nhttps://other.example/\n`);
    const url = `amzn:2023=${served.address(`${place}/mirror.list`)}`;
    expect((await served.sync(url, null, fleet('amzn:2023')))?.advisories).toHaveLength(1);
    served.put(`${place}/mirror.list`, 'file:///etc/\n');
    expect((await served.sync(url, null, fleet('amzn:2023')))?.code).toBe('feed.unreadable');
  });

  it.each(['sha', 'sha1', 'sha224', 'sha384', 'sha512'])('verifies checksums of the kind %s', async (kind) => {
    const place = folder();
    const content = gzipSync(`<updates>${update('ALSA-2026:1', 'a')}</updates>`);
    served.put(`${place}/u.xml.gz`, content);
    const right = sum(content, kind === 'sha' ? 'sha1' : kind);
    const url = `almalinux:9=${served.address(place)}`;
    served.put(`${place}/repodata/repomd.xml`, index('u.xml.gz', right, kind));
    expect((await served.sync(url, null, alma9))?.advisories).toHaveLength(1);
    served.put(
      `${place}/repodata/repomd.xml`,
      index(
        'u.xml.gz',
        right.replace(/^./, (first) => (first === '0' ? '1' : '0')),
        kind,
      ),
    );
    expect(await served.sync(url, null, alma9)).toMatchObject({ advisories: [], code: 'feed.unreadable' });
  });

  it.each([
    ['of an unknown kind', index('u.xml.gz', '00', 'md5'), 'feed.unreadable'],
    ['without updateinfo', '<repomd><data type="primary"/></repomd>', 'feed.unreadable'],
    ['that points to a file of this machine', index('file:///etc/passwd', '00'), 'feed.unreadable'],
    ['that points to another host', index('https://other.example/u.xml.gz', '00'), 'feed.unreadable'],
    ['that points above itself', index('../../u.xml.gz', '00'), 'feed.unreadable'],
    ['that is a web page', '<html><body>Sign in</body></html>', 'feed.unreadable'],
    ['that is cut short', index('u.xml.gz', '00').slice(0, -30), 'feed.unreadable'],
    ['whose updateinfo is not there', index('none.xml.gz', '00'), 'feed.refused'],
  ])('refuses a repository %s', async (_, content, code) => {
    const place = folder();
    repository(`${place}/good`, update('ALSA-2026:1', 'a'));
    served.put(`${place}/bad/repodata/repomd.xml`, content);
    const url = `almalinux:9=${served.address(`${place}/good`)} almalinux:9=${served.address(`${place}/bad`)}`;
    expect(await served.sync(url, null, alma9)).toMatchObject({ advisories: [], code });
  });

  it('says so when no repository fits a release that no other feed knows', async () => {
    expect((await served.sync('rocky=https://x.example/{release}/', null, fleet('centos:9')))?.code).toBe(
      'feed.no-repository',
    );
    expect(await served.sync('ol=https://x.example/{release}/', null, fleet('almalinux:9', 'debian:12'))).toBeNull();
  });
  it.each(['not-an-address', 'almalinux=9', 'almalinux:9=//x'])('refuses the entry %s', async (url) => {
    expect(['feed.unreadable', 'feed.no-repository']).toContain(
      (await served.sync(url, null, fleet('almalinux:9', 'ol:9')))?.code,
    );
  });

  it('asks a host over plain http when its entry says so, and no other host', async () => {
    const named = 'almalinux:9=http://mirror.invalid/9/';
    expect((await served.sync(named, null, alma9))?.code).toBe('feed.unreachable');
    const place = folder();
    served.put(`${place}/mirror.list`, 'http://other.invalid/9/\n');
    expect((await served.sync(`almalinux:9=${served.address(`${place}/mirror.list`)}`, null, alma9))?.code).toBe(
      'feed.refused',
    );
  });

  it('concerns fleets of rpm distributions only', () => {
    expect(updateinfo.concerns(new Set(['debian:12', 'fedora:43']))).toBe(true);
    expect(updateinfo.concerns(new Set(['debian:12', 'alpine:3.20']))).toBe(false);
  });

  // The recorded repositories were trimmed after their checksums were made.
  const tree = recorded('rpm/rocky/happy/pub/rocky/9');
  it.skipIf(!tree)('refuses the recorded repositories, whose files are not what their repomd.xml says', async () => {
    const url = `rocky:9=${pathToFileURL(tree ?? '').href}/BaseOS/x86_64/os/`;
    expect(await served.sync(url, null, fleet('rocky:9'))).toMatchObject({ advisories: [], code: 'feed.unreadable' });
  });
  const sig = recorded('rpm/rocky/happy/pub/sig/9/cloud/x86_64/cloud-common');
  it.skipIf(!sig)('refuses the recorded repository that has no updateinfo', async () => {
    const url = `rocky:9=${pathToFileURL(sig ?? '').href}/`;
    expect(await served.sync(url, null, fleet('rocky:9'))).toMatchObject({ advisories: [], code: 'feed.unreadable' });
  });
});
