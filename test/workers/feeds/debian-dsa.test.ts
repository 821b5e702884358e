/** Debian's advisory lists: the whole recorded list with exact counts, every form of a line, bad input. */
import { describe, expect, it } from 'vitest';
import { debianDla, debianDsa } from '../../../workers/feeds/debian-dsa.ts';
import { fleet, given } from './advisories.ts';
import { newMirror } from './mirror.ts';
import { recorded } from './shelf.ts';

const mirror = newMirror();
const read = (text: string, ...releases: string[]) =>
  given(debianDsa.read(mirror.put('list', text), fleet(...releases)));
const head = '[29 Mar 2023] DSA-5380-1 xorg-server - security update';

describe('the recorded DSA list', () => {
  const file = recorded('debian/DSA-list.2023-04-02.gz');
  it.skipIf(!file)(
    'has 4,225 advisories for etch and later, with 5,424 entries, and not one unreadable line',
    async () => {
      const { advisories, dropped, code } = await given(debianDsa.read(file ?? '', fleet()));
      expect([advisories.length, dropped, code]).toEqual([4225, [], null]);
      const entries = advisories.flatMap(({ affected }) => affected);
      expect(entries).toHaveLength(5424);
      expect(entries.filter(({ status }) => status === 'not-affected')).toHaveLength(4);
      expect(entries.filter(({ status, fixed }) => status === 'affected' && fixed === null)).toHaveLength(4);
      expect(advisories.filter(({ kind }) => kind === 'bugfix')).toHaveLength(80);
      expect(new Set(advisories.flatMap(({ cves }) => cves)).size).toBe(13_084);
    },
  );

  it.skipIf(!file)('has 410 of them for bullseye, with 1,724 CVEs', async () => {
    const { advisories } = await given(debianDsa.read(file ?? '', fleet('debian:11')));
    expect(advisories).toHaveLength(410);
    expect(advisories.flatMap(({ affected }) => affected)).toHaveLength(410);
    expect(new Set(advisories.flatMap(({ cves }) => cves)).size).toBe(1724);
    expect(advisories[0]).toEqual({
      id: 'DSA-5380-1',
      feed: 'debian-dsa',
      title: 'xorg-server - security update',
      text: 'bullseye: xorg-server 2:1.20.11-1+deb11u6',
      kind: 'security',
      cves: ['CVE-2023-1393'],
      severity: 'unrated',
      vendorSeverity: null,
      affected: [
        {
          release: 'debian:11',
          names: 'source',
          package: 'xorg-server',
          introduced: null,
          fixed: '2:1.20.11-1+deb11u6',
          status: 'affected',
          requires: null,
          module: null,
        },
      ],
      published: new Date('2023-03-29T00:00:00Z'),
      modified: null,
      withdrawn: null,
      reboot: false,
      livepatch: false,
      references: ['https://security-tracker.debian.org/tracker/DSA-5380-1'],
    });
  });
});

describe('a line of the DSA list', () => {
  it.each([
    ['\t[bullseye] - curl 7.74-1', 'affected', '7.74-1'],
    ['        [bullseye] - curl  7.74-1', 'affected', '7.74-1'],
    [' \t[bullseye] - curl 7.74-1 (bug #326223; high)', 'affected', '7.74-1'],
    ['\t[bullseye] - curl <not-affected> (Vulnerable code not present)', 'not-affected', null],
    ['\t[bullseye] - curl <not-affected>', 'not-affected', null],
    ['\t[bullseye] - curl <unfixed> (high)', 'affected', null],
    ['\t[bullseye] - curl <end-of-life>', 'affected', null],
    ['\t[bullseye] - curl <undetermined>', 'unknown', null],
  ])('such as %j is %s', async (line, status, fixed) => {
    const { advisories, dropped } = await read(`${head}\n\t{CVE-2023-1393}\n${line}\n`);
    expect(dropped).toEqual([]);
    expect(advisories[0]?.affected).toMatchObject([{ release: 'debian:11', package: 'curl', status, fixed }]);
  });

  it('with CVEs may hold stray blanks, and there may be several', async () => {
    const { advisories } = await read(
      `${head}\n\t{ CVE-2023-0002  CVE-2023-0001 }\n\t{CVE-2023-0001 CVE-2023-x}\n\t[buster] - curl 1-1\n`,
    );
    expect(advisories[0]?.cves).toEqual(['CVE-2023-0001', 'CVE-2023-0002']);
  });

  it('may be a note, or about a release that nobody has, and says nothing then', async () => {
    const { advisories, dropped } = await read(
      `${head}\n\tNOTE: [bullseye] - not fixed\n\t[woody] - curl 1-1\n\t[bullseye] - gone <removed>\n`,
    );
    expect([advisories, dropped]).toEqual([[], []]);
  });

  it('of a regression without a CVE is a bugfix', async () => {
    const { advisories } = await read(
      '[17 Mar 2023] DSA-5356-2 sox - regression update\n\t[bullseye] - sox 14.4.2-2\n',
    );
    expect(advisories[0]).toMatchObject({ id: 'DSA-5356-2', kind: 'bugfix', cves: [] });
  });

  it.each([
    '\t[bullseye] - curl;reboot 1-1',
    '\t[bullseye] - curl 1-1|sh',
    '\t[bullseye] curl 1-1',
    '\t[bullseye]',
    '\t[bullseye] - curl',
  ])('that is none is dropped and counted: %j', async (line) => {
    const { advisories, dropped } = await read(`${head}\n${line}\n\t[buster] - curl 1-1\n`);
    expect(advisories[0]?.affected).toHaveLength(1);
    expect(dropped).toMatchObject([{ where: 'DSA-5380-1, line 2' }]);
  });

  it.each([
    '[31 Feb 2023] DSA-1-1 curl - x',
    '[29 Mar 2023] DSA-<b>1 curl - x',
    '[29 Mar 2023] curl - x',
    '[29 Mar 2023] DLA-1-1 curl - x',
    'DSA-1-1 curl',
  ])('that opens no advisory is dropped with what belongs to it: %j', async (line) => {
    const { advisories, dropped } = await read(`${line}\n\t[bullseye] - wget 1-1\n${head}\n\t[bullseye] - curl 1-1\n`);
    expect(advisories.map(({ id, affected }) => [id, affected[0]?.package])).toEqual([['DSA-5380-1', 'curl']]);
    expect(dropped).toMatchObject([{ where: 'line 1' }]);
  });

  it('loses whatever could pass for something else in its title', async () => {
    const { advisories } = await read('[29 Mar 2023] DSA-1-1 curl\u202e <!channel>\u0007\n\t[bullseye] - curl 1-1\n');
    expect(advisories[0]?.title).toBe('curl <!channel>');
  });
});

describe('a DSA list', () => {
  it.each(['', '\n\n', '<html>\n  <body>\n</html>', '{"a": 1}', '\t[bullseye] - curl 1-1\n'])(
    'is unreadable when it is %j',
    async (text) => {
      expect(await read(text)).toMatchObject({ advisories: [], code: 'feed.unreadable' });
    },
  );

  it('that is gzipped and cut short is unreadable', async () => {
    const file = mirror.put('cut.gz', Buffer.from('1f8b0800000000000003', 'hex'));
    expect(await given(debianDsa.read(file, fleet()))).toMatchObject({ advisories: [], code: 'feed.unreadable' });
  });

  it('is taken over whole', async () => {
    mirror.put('data/DSA/list', `${head}\n\t[bullseye] - curl 1-1\n`);
    const got = await mirror.sync(debianDsa, 'data/DSA/list', null, fleet('debian:11'));
    expect(got).toMatchObject({ complete: true, cursor: 'debian:11', advisories: [{ id: 'DSA-5380-1' }] });
  });
});

describe('the DLA list', () => {
  it('is read in the same way', async () => {
    const text =
      '[01 Apr 2023] DLA-3377-1 systemd - security update\n\t{CVE-2023-26604}\n\t[buster] - systemd 241-7~deb10u9\n';
    const { advisories } = await given(debianDla.read(mirror.put('list', text), fleet()));
    expect(advisories).toMatchObject([{ id: 'DLA-3377-1', feed: 'debian-dla', affected: [{ release: 'debian:10' }] }]);
  });

  it('is no DSA list', async () => {
    expect(
      await given(debianDla.read(mirror.put('list', `${head}\n\t[bullseye] - curl 1-1\n`), fleet())),
    ).toMatchObject({ code: 'feed.unreadable' });
  });
});
