import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { feeds } from '../../../workers/feeds/index.ts';
import { readOffline } from '../../../workers/feeds/offline.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'patchherd-offline-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function put(name: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(join(dir, name)), { recursive: true });
  await writeFile(join(dir, name), content);
}
const read = (release = 'debian:12') => readOffline(dir, release, feeds);

const tracker = JSON.stringify({
  nghttp2: {
    'CVE-2023-44487': {
      description: 'Streams that are reset at once cost the server much.',
      releases: { bookworm: { status: 'resolved', fixed_version: '1.52.0-1+deb12u1', urgency: 'not yet assigned' } },
    },
  },
});
const kev = JSON.stringify({
  dateReleased: '2026-06-29T00:00:00Z',
  vulnerabilities: [
    { cveID: 'CVE-2023-44487', dateAdded: '2023-10-10', dueDate: '2023-10-31', knownRansomwareCampaignUse: 'Unknown' },
    { cveID: 'CVE-2020-0001', dateAdded: '2023-10-10', dueDate: '2023-10-31', knownRansomwareCampaignUse: 'Unknown' },
  ],
});
const epss =
  '#model_version:v1,score_date:2026-06-28T00:00:00+0000\ncve,epss,percentile\nCVE-2023-44487,0.9,0.99\nCVE-2020-0001,0.1,0.5\n';

describe('feeds read from a directory', () => {
  it('are known by their folder, by the beginning of the name, and by what is in the file', async () => {
    await put('debian-tracker/0a1b2c-json', tracker);
    await put('epss_scores-2026-06-28.csv.gz', gzipSync(epss));
    await put('copied-by-hand.json', kev);
    const known = await read();
    expect(known.feeds.map(({ id, files }) => [id, files])).toEqual([
      ['kev', ['copied-by-hand.json']],
      ['epss', ['epss_scores-2026-06-28.csv.gz']],
      ['debian-tracker', ['debian-tracker/0a1b2c-json']],
    ]);
    expect([...known.advisories.values()].map(({ cves }) => cves)).toEqual([['CVE-2023-44487']]);
    expect(known.unread).toEqual([]);
  });

  it('give the facts of CVEs that some advisory names, and no others', async () => {
    await put('tracker.json', tracker);
    await put('kev.json', kev);
    await put('epss-2026-06-28.csv', epss);
    const { cves } = await read();
    expect([...cves.keys()]).toEqual(['CVE-2023-44487']);
    expect(cves.get('CVE-2023-44487')).toMatchObject({ kev: { added: '2023-10-10' }, epss: { score: 0.9 } });
  });

  it('leave out a file that is cut short as a whole, and say so', async () => {
    const packed = gzipSync(tracker);
    await put('debian-tracker.json.gz', packed.subarray(0, packed.length - 9));
    await put('kev.json', kev);
    const { advisories, unread } = await read();
    expect(advisories.size).toBe(0);
    expect(unread.map(({ file }) => file)).toEqual(['debian-tracker.json.gz']);
  });

  it('name what no feed can read, and pass over lists and what an interrupted sync left', async () => {
    await put('notes.txt', 'to do');
    await put('kev/page.json', '<html>maintenance</html>');
    await put('osv-debian/0a1b2c-modified_id.csv', '2026-01-01T00:00:00Z,DSA-1-1\n');
    await put('kev/new-0a1b2c/known.json', kev);
    const { unread, feeds: given } = await read();
    expect(unread.map(({ file }) => file).sort()).toEqual(['kev/page.json', 'notes.txt']);
    expect(given).toEqual([]);
  });

  it('pass over what is about other distributions', async () => {
    await put('tracker.json', tracker);
    expect(await read('almalinux:9')).toMatchObject({ feeds: [], unread: [] });
    expect((await read('debian:13')).advisories.size).toBe(0);
  });

  it('need a directory that is there', async () => {
    await expect(readOffline(join(dir, 'nowhere'), 'debian:12', feeds)).rejects.toMatchObject({ code: 'check.feeds' });
  });
});
