import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TenantId } from '../../../domain/model/ids.ts';
import { connect } from '../../../workers/store/connect.ts';
import { type FreshDatabase, freshDatabase } from '../../database.ts';
import { type FeedServer, feedServer } from '../../workers/feeds/server.ts';
import { makePlace, type Place, type Ran } from './shell.ts';

let database: FreshDatabase;
let place: Place;
let server: FeedServer;
beforeAll(async () => {
  [database, place, server] = await Promise.all([freshDatabase(), makePlace(), feedServer()]);
  await place.write('patchherd.yaml', {
    tenant: 'acme',
    database: { uri: database.uri },
    people: [
      { id: 'kim', name: 'Kim', roles: ['admin'], zone: 'UTC' },
      { id: 'olive', name: 'Olive', roles: ['viewer'], zone: 'UTC' },
    ],
    feeds: { sources: { kev: { url: `${server.url}/kev.json` } } },
  });
});
afterAll(async () => {
  await server?.close();
  await place?.remove();
  await database?.drop();
});

const entry = (id: string) => ({
  ...{ cveID: id, dateAdded: '2026-01-01', dueDate: '2026-01-04' },
  knownRansomwareCampaignUse: 'Known',
});
const catalog = (count: number) => ({
  title: 'CISA Catalog of Known Exploited Vulnerabilities',
  dateReleased: '2026-01-01T00:00:00.000Z',
  vulnerabilities: Array.from({ length: count }, (_, n) => entry(`CVE-2026-${10_000 + n}`)),
});
const kim = (...args: readonly string[]): Promise<Ran> => place.run('--as', 'kim', ...args);
const put = (name: string, content: unknown) =>
  place.write(name, typeof content === 'string' ? content : JSON.stringify(content));

function expectMistake({ code, stdout, stderr }: Ran, sentence: string | RegExp): void {
  expect(stderr).toMatch(sentence);
  expect(stderr + stdout).not.toMatch(/^\s+at /m);
  expect(code).toBe(2);
}

describe('patchherd feed', () => {
  it('import finds out whose file it is, says what it took and what it left out', async () => {
    const mixed = { ...catalog(3), vulnerabilities: [...catalog(3).vulnerabilities, { cveID: 'no' }] };
    const { code, stdout } = await kim('feed', 'import', await put('brought', mixed));
    expect(stdout).toContain('is a file of CISA KEV (kev).');
    expect(stdout).toContain('CISA KEV: 3 records read, 3 new or changed, 1 unreadable and left out.');
    expect(stdout).toContain('  left out: entry 4: ');
    expect(stdout).toContain('No worker is running');
    expect(code).toBe(0);
  });
  it('list shows each feed with its age', async () => {
    const { code, stdout } = await place.run('--as', 'olive', 'feed', 'list');
    expect(stdout.replace(/\s+/g, ' ')).toMatch(
      /CISA KEV \(kev\): 3 records, 1 unreadable, read .+ UTC\. CC0 1\.0, CISA/,
    );
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/EPSS \(epss\): not asked yet\./);
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/No device has use for .*debian-tracker/);
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/Off .*nvd/);
    expect(code).toBe(0);
  });
  it('sync asks the source now', async () => {
    server.answer('/kev.json', JSON.stringify(catalog(40)));
    const { code, stdout } = await kim('feed', 'sync', 'kev');
    expect(stdout).toContain('CISA KEV: 40 records read, 37 new or changed.');
    expect(code).toBe(0);
  });
  it('sync says why it failed', async () => {
    server.answer('/kev.json', (_, response) => response.writeHead(404).end());
    const { code, stdout } = await kim('feed', 'sync', 'kev');
    expect(stdout).toBe(`CISA KEV: ${server.url}/kev.json answered with status 404.\n`);
    expect(code).toBe(1);
  });
  it('takes a much smaller file only when somebody insists', async () => {
    const small = await put('small.json', catalog(2));
    expectMistake(
      await kim('feed', 'import', small),
      /CISA KEV: 2 records, where at least 5 were expected.+Nothing was imported\./,
    );
    expect(await kim('feed', 'import', small, '--force')).toMatchObject({ code: 0 });
  });
  it.each([
    [
      'half a file',
      gzipSync(JSON.stringify(catalog(50)))
        .subarray(0, 200)
        .toString('latin1'),
      /of no feed that is known here/,
    ],
    ['a web page', '<!doctype html><html></html>', /of no feed that is known here/],
  ])('import of %s changes nothing', async (_, content, sentence) => {
    expectMistake(await kim('feed', 'import', await put('bad', content)), sentence);
  });
  it('import says what is wrong when the feed is named', async () => {
    const page = await put('page.html', '<!doctype html><html></html>');
    expectMistake(await kim('feed', 'import', page, '--feed', 'kev'), /^CISA KEV: .+ Nothing was imported\.$/m);
    expectMistake(
      await kim('feed', 'import', 'nowhere.json', '--feed', 'kev'),
      /The file nowhere\.json cannot be read: there is no such file\./,
    );
  });
  it('tells which feed was meant', async () => {
    expectMistake(await kim('feed', 'sync', 'kevs'), 'There is no feed "kevs"; did you mean "kev"?');
    expectMistake(
      await kim('feed', 'import', 'x', '--feed', 'nothing-like-it'),
      /There is no feed "nothing-like-it": kev, epss/,
    );
  });
  it('is for admins, except for looking', async () => {
    expectMistake(await place.run('--as', 'olive', 'feed', 'sync', 'kev'), 'You need the role admin');
    expectMistake(await place.run('--as', 'olive', 'feed', 'import', 'x'), 'You need the role admin');
  });
  it('writes who brought what into the audit trail, and nothing of it into the channel', async () => {
    const connected = await connect(database.uri);
    try {
      const store = connected.tenant('acme' as TenantId);
      const events = (await store.audit.waiting(10)).map(({ event }) => event);
      expect(events.map(({ what, by, on, details }) => [what, by.name, on, details['records']])).toEqual([
        ['feed.imported', 'Kim', 'kev', 3],
        ['feed.imported', 'Kim', 'kev', 2],
      ]);
      expect(await store.outbox.due(10)).toEqual([]);
    } finally {
      await connected.close();
    }
  });
});
