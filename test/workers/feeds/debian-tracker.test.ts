/** The Debian tracker: what each status means, ratings, reasons for having no advisory, the recorded sample, bad input. */
import { describe, expect, it } from 'vitest';
import { debianTracker as feed } from '../../../workers/feeds/debian-tracker.ts';
import { fleet, given } from './advisories.ts';
import { newMirror } from './mirror.ts';
import { recorded } from './shelf.ts';

const mirror = newMirror();
const issue = (releases: Record<string, object>, extra: object = {}) => ({
  description: 'A fault.',
  scope: 'remote',
  releases,
  ...extra,
});
const open = { status: 'open', repositories: { bookworm: '7.88.1-10' }, urgency: 'not yet assigned' };
const fixed = (version: string, urgency = 'not yet assigned') => ({
  status: 'resolved',
  fixed_version: version,
  urgency,
});
const read = (value: unknown, ...releases: string[]) =>
  given(feed.read(mirror.put('json', typeof value === 'string' ? value : JSON.stringify(value)), fleet(...releases)));

describe('the recorded sample of the Debian tracker', () => {
  const file = recorded('debian/security-tracker-json.sample.json');
  it.skipIf(!file)('is four issues, each with an entry for bullseye and none for sid', async () => {
    const { advisories, dropped } = await given(feed.read(file ?? '', fleet()));
    expect(dropped).toEqual([]);
    expect(advisories.map(({ id, cves, severity, affected }) => [id, cves.length, severity, affected.length])).toEqual([
      ['CVE-2012-0833', 1, 'low', 1],
      ['CVE-2016-5405', 1, 'unrated', 1],
      ['CVE-2016-5416', 1, 'unrated', 1],
      ['TEMP-0000000-0CA7E3', 0, 'low', 1],
    ]);
    expect(advisories.map(({ affected }) => [affected[0]?.status, affected[0]?.fixed])).toEqual([
      ['not-affected', null],
      ['affected', '1.3.5.15-1'],
      ['affected', null],
      ['not-affected', null],
    ]);
    expect(advisories[2]?.text).toMatch(
      /^bullseye, 389-ds-base: no DSA: Minor issue \(ignored\)\n389 Directory Server/,
    );
  });
});

describe('an issue of the Debian tracker', () => {
  it('is one advisory over all its source packages and releases', async () => {
    const { advisories } = await read({
      curl: { 'CVE-2026-0001': issue({ bookworm: open, trixie: fixed('8.14.1-2+deb13u1'), sid: fixed('8.15-1') }) },
      'curl-old': { 'CVE-2026-0001': issue({ bookworm: fixed('0') }) },
    });
    expect(advisories).toMatchObject([
      {
        id: 'CVE-2026-0001',
        feed: 'debian-tracker',
        title: 'curl, curl-old: A fault.',
        text: 'A fault.',
        cves: ['CVE-2026-0001'],
        affected: [
          { release: 'debian:12', names: 'source', package: 'curl', introduced: null, fixed: null, status: 'affected' },
          { release: 'debian:13', package: 'curl', fixed: '8.14.1-2+deb13u1', status: 'affected' },
          { release: 'debian:12', package: 'curl-old', fixed: null, status: 'not-affected' },
        ],
        references: ['https://security-tracker.debian.org/tracker/CVE-2026-0001'],
      },
    ]);
  });

  it.each(['undetermined', 'something-new'])('that is %s is not decided', async (status) => {
    const { advisories } = await read({ curl: { 'CVE-2026-0001': issue({ bookworm: { status } }) } });
    expect(advisories[0]?.affected).toMatchObject([{ fixed: null, status: 'unknown' }]);
  });

  it('keeps only what the fleet has', async () => {
    const file = {
      curl: {
        'CVE-2026-0001': issue({ buster: open, bullseye: open, bookworm: open, trixie: open, forky: open, sid: open }),
        'CVE-2026-0002': issue({ trixie: open }),
      },
    };
    const { advisories } = await read(file, 'debian:12', 'ubuntu:24.04');
    expect(advisories.map(({ id, affected }) => [id, affected.map(({ release }) => release)])).toEqual([
      ['CVE-2026-0001', ['debian:12']],
    ]);
    const all = await read(file);
    const numbers = ['debian:10', 'debian:11', 'debian:12', 'debian:13', 'debian:14'];
    expect(all.advisories[0]?.affected.map(({ release }) => release)).toEqual(numbers);
  });

  it.each([
    [['unimportant'], 'low', 'unimportant'],
    [['low', 'high**', 'medium'], 'important', 'high**'],
    [['medium*'], 'moderate', 'medium*'],
    [['not yet assigned'], 'unrated', null],
    [['end-of-life', 'not yet assigned'], 'unrated', null],
  ])('of urgency %j is %s', async (urgencies, severity, vendorSeverity) => {
    const releases = urgencies.map((urgency, n) => [['bullseye', 'bookworm', 'trixie'][n], { ...open, urgency }]);
    const { advisories } = await read({ curl: { 'CVE-2026-0001': issue(Object.fromEntries(releases)) } });
    expect(advisories[0]).toMatchObject({ severity, vendorSeverity });
  });

  it('is not rated by what another release says', async () => {
    const { advisories } = await read(
      { curl: { 'CVE-2026-0001': issue({ bookworm: open, buster: { ...open, urgency: 'high' } }) } },
      'debian:12',
    );
    expect(advisories[0]?.severity).toBe('unrated');
  });

  it('says why there is no advisory', async () => {
    const nodsa = { ...open, nodsa: 'Minor issue', nodsa_reason: 'postponed' };
    const { advisories } = await read({ curl: { 'CVE-2026-0001': issue({ bookworm: nodsa }) } });
    expect(advisories[0]?.text).toBe('bookworm, curl: no DSA: Minor issue (postponed)\nA fault.');
  });

  it('loses whatever could pass for something else in its text', async () => {
    const description = 'line\none\u202e\u0000 <script>';
    const { advisories } = await read({ curl: { 'CVE-2026-0001': issue({ bookworm: open }, { description }) } });
    expect(advisories[0]).toMatchObject({ title: 'curl: line one <script>', text: 'line\none <script>' });
  });
});

describe('a Debian tracker file', () => {
  const good = { 'CVE-2026-0001': issue({ bookworm: open }) };
  it.each([
    ['no releases', { 'CVE-2026-0002': { description: 'x' } }],
    ['a number as status', { 'CVE-2026-0002': issue({ bookworm: { status: 5 } }) }],
    ['a list as description', { 'CVE-2026-0002': issue({ bookworm: open }, { description: ['x'] }) }],
    ['a version with a command', { 'CVE-2026-0002': issue({ bookworm: fixed('1;reboot') }) }],
    ['an id with markup', { '<b>CVE-2026-0002': issue({ bookworm: open }) }],
    ['null', { 'CVE-2026-0002': null }],
  ])('loses an issue with %s, counts it, and keeps the others', async (_, bad) => {
    const { advisories, dropped, code } = await read({ curl: { ...bad, ...good } });
    expect(advisories.map(({ id }) => id)).toEqual(['CVE-2026-0001']);
    expect(dropped).toHaveLength(1);
    expect(code).toBeNull();
  });

  it('loses a package with a hostile name or another shape', async () => {
    const { advisories, dropped } = await read({ 'curl;reboot': good, wget: [], '../etc': good, curl: good });
    expect(advisories).toHaveLength(1);
    expect(dropped.map(({ where }) => where)).toEqual(['curl;reboot', 'wget', '../etc']);
  });

  it.each([
    ['a web page', '<html>503</html>'],
    ['nothing', ''],
    ['an empty object', '{}'],
    ['a list', '[]'],
    ['another feed’s file', JSON.stringify({ catalogVersion: '1', vulnerabilities: [] })],
    ['cut short', JSON.stringify({ curl: good, wget: good }).slice(0, -20)],
  ])('is unreadable when it is %s, and gives nothing then', async (_, text) => {
    expect(await read(text)).toMatchObject({ advisories: [], code: 'feed.unreadable' });
  });

  it('may be gzipped', async () => {
    const { advisories } = await given(feed.read(mirror.put('json.gz', JSON.stringify({ curl: good })), fleet()));
    expect(advisories).toHaveLength(1);
  });

  it('is read when it changed, and when a release joins the fleet', async () => {
    mirror.put('tracker', JSON.stringify({ curl: { 'CVE-2026-0001': issue({ bookworm: open, trixie: open }) } }));
    const sync = (cursor: string | null, ...releases: string[]) =>
      mirror.sync(feed, 'tracker', cursor, fleet(...releases));
    const first = await sync(null, 'debian:12');
    expect(first).toMatchObject({ complete: true, cursor: 'debian:12', advisories: [{ id: 'CVE-2026-0001' }] });
    await sync('debian:12', 'debian:12');
    expect(await sync('debian:12', 'debian:12')).toBeNull();
    const joined = await sync('debian:12', 'debian:12', 'debian:13');
    expect(joined?.advisories[0]?.affected.map(({ release }) => release)).toEqual(['debian:12', 'debian:13']);
    expect(await sync(joined?.cursor ?? null, 'debian:13')).toBeNull();
  });

  it('concerns Debian fleets and nobody else', () => {
    expect([feed.concerns(new Set(['debian:12'])), feed.concerns(new Set(['ubuntu:24.04'])), feed.byDefault]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
