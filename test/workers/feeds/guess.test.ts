import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Feed, Item } from '../../../workers/feeds/feed.ts';
import { whoseFile } from '../../../workers/feeds/guess.ts';
import { feeds } from '../../../workers/feeds/index.ts';

const data = path.resolve('../shared/data');
if (!existsSync(data)) console.log('skipped: recorded feeds are not here (shared/data)');
const dir = mkdtempSync(path.join(tmpdir(), 'patchherd-guess-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const ids = async (all: readonly Feed[], file: string) => (await whoseFile(all, file)).map(({ id }) => id);

describe('the feed of a file', () => {
  it.skipIf(!existsSync(data)).each([
    ['kev', 'kev/known_exploited_vulnerabilities.2026-06-30.json.gz'],
    ['epss', 'epss/epss_scores-2026-06-28.csv.gz'],
    ['ssvc', 'cve/cve-v5-vulnrichment.2024-10-24.ndjson.gz'],
    ['nvd', 'nvd/3_pages/0-3.json'],
    ['endoflife', 'eol/debian.json'],
    ['debian-dsa', 'debian/DSA-list.2023-04-02.gz'],
    ['debian-tracker', 'debian/security-tracker-json.sample.json'],
    ['osv-debian', 'debian/osv-all.sample.zip'],
    ['osv-ubuntu', 'ubuntu/osv-all.sample.tar.xz'],
    ['ubuntu-vex', 'ubuntu/vex-all.sample.tar.xz'],
    ['osv-alpine', 'alpine/osv-all.sample.zip'],
    ['alpine-secdb', 'alpine/secdb-json/v3.16/main.json'],
    ['osv-almalinux', 'rpm/almalinux-osv-all.sample.zip'],
    ['osv-rocky', 'rpm/rocky/all.zip'],
    ['osv-suse', 'rpm/suse/osv.tar.bz2'],
    ['updateinfo', 'rpm/fedora43-updateinfo.xml.zst'],
    ['redhat-csaf', 'rpm/csaf-redhat-advisories.sample.tar.zst'],
    ['redhat-vex', 'rpm/redhat-vex/vex-archive.tar.zst'],
    ['suse-csaf', 'rpm/suse/csaf.tar.bz2'],
    ['msrc', 'microsoft/cvrf-2024-Mar.xml'],
  ])('%s is found by what is in it: %s', async (id, file) => {
    expect(await ids(feeds, path.join(data, file))).toEqual([id]);
  });
  it.each(['', '{}', '[]', 'hello', '<!doctype html><html></html>', '\0\0\0\0'])('%j is none', async (content) => {
    const file = path.join(dir, 'something');
    writeFileSync(file, content);
    expect(await ids(feeds, file)).toEqual([]);
  });
  it('is the one that can read the most of it; several are told when they are equal', async () => {
    const good: Item = { kind: 'gone', id: 'x' };
    const bad: Item = { kind: 'dropped', where: '1', why: 'bad' };
    const reading = (id: string, ...items: readonly Item[]): Feed => ({
      ...(feeds[0] as Feed),
      id,
      read: async function* () {
        yield* items;
      },
    });
    const file = path.join(dir, 'something');
    expect(await ids([reading('a', good, bad), reading('b', good, good), reading('c', bad)], file)).toEqual(['b']);
    expect(await ids([reading('a', good), reading('b', good, good)], file)).toEqual(['b']);
    expect(await ids([reading('a', good, good), reading('b', good, good)], file)).toEqual(['a', 'b']);
    expect(await ids([reading('a', bad), reading('b')], file)).toEqual([]);
  });
});
