/** The shell on a machine that reaches the internet only through a proxy, which wants a login. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../database.ts';
import { type FakeProxy, fakeProxy } from '../../fakes/proxy.ts';
import { type FeedServer, feedServer } from '../../workers/feeds/server.ts';
import { makePlace, type Place, type Ran } from './shell.ts';

const noOpenssl = spawnSync('openssl', ['version']).status !== 0;
if (noOpenssl) console.warn('skipped: openssl is not here to make a certificate');
const catalog = JSON.stringify({
  title: 'CISA Catalog of Known Exploited Vulnerabilities',
  dateReleased: '2026-01-01T00:00:00.000Z',
  vulnerabilities: [
    { cveID: 'CVE-2026-10000', dateAdded: '2026-01-01', dueDate: '2026-01-04', knownRansomwareCampaignUse: 'Known' },
  ],
});

describe.skipIf(noOpenssl)('behind a proxy', () => {
  let database: FreshDatabase;
  let place: Place;
  let proxy: FakeProxy;
  let server: FeedServer;
  let env: Record<string, string>;
  beforeAll(async () => {
    [database, place, proxy] = await Promise.all([freshDatabase(), makePlace(), fakeProxy()]);
    const [key, cert] = [join(place.dir, 'key.pem'), join(place.dir, 'cert.pem')];
    spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=feeds.example.org'],
      ...['-addext', 'subjectAltName=DNS:feeds.example.org', '-keyout', key, '-out', cert],
    ]);
    server = await feedServer({ key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') });
    server.answer('/kev.json', catalog);
    proxy.lead('feeds.example.org', server.url);
    proxy.demand('acme:CANARY');
    await place.write('patchherd.yaml', {
      tenant: 'acme',
      database: { uri: database.uri },
      people: [{ id: 'kim', name: 'Kim', roles: ['admin'], zone: 'UTC' }],
      feeds: { sources: { kev: { url: 'https://feeds.example.org/kev.json' } } },
    });
    env = { HTTPS_PROXY: proxy.url.replace('//', '//acme:CANARY@'), NODE_EXTRA_CA_CERTS: cert };
  });
  afterAll(async () => {
    await Promise.all([proxy?.close(), server?.close(), place?.remove()]);
    await database?.drop();
  });
  const run = (args: readonly string[], more: Record<string, string> = {}): Promise<Ran> =>
    place.start(args, { ...env, ...more }).ended;

  it('asks a feed over https, with the proxy of the environment', async () => {
    const { code, stdout, stderr } = await run(['feed', 'sync', 'kev']);
    expect(stdout + stderr).toContain('CISA KEV: 1 record read, 1 new or changed.');
    expect(code).toBe(0);
    expect(proxy.asked).toEqual(['feeds.example.org:443']);
    expect(server.asked.map(({ path }) => path)).toEqual(['/kev.json']);
  });
  it('says what the proxy wants, and shows no password', async () => {
    const { code, stdout, stderr } = await run(['feed', 'sync', 'kev'], {
      HTTPS_PROXY: proxy.url.replace('//', '//acme:CANARY-2@'),
    });
    expect(stdout).toContain(`The proxy ${proxy.url} wants a user name and a password`);
    expect(stdout + stderr).not.toContain('CANARY');
    expect(code).toBe(1);
  });
  it('is told by the doctor which one it is, without its password', async () => {
    const { stdout, stderr } = await run(['doctor'], { NO_PROXY: '.corp.example.org' });
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      `proxy: feeds and Slack are reached through ${proxy.url}; directly: .corp.example.org`,
    );
    expect(stdout + stderr).not.toContain('CANARY');
  });
});
