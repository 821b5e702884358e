/** Feeds end to end: a worker asks them by itself, and the channel hears once what is wrong. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startBot } from '../../bot/main.ts';
import { readSettings } from '../../config/settings.ts';
import { feedIds } from '../../domain/model/feed.ts';
import type { TenantId } from '../../domain/model/ids.ts';
import { openBase, startWorkers } from '../../workers/main.ts';
import { webMessages } from '../../workers/store/web-messages.ts';
import { type FreshDatabase, freshDatabase } from '../database.ts';
import * as make from '../domain/make.ts';
import { freePort } from '../fleet/sshd.ts';
import { type FeedServer, feedServer } from '../workers/feeds/server.ts';
import { leases, until } from './world.ts';

let database: FreshDatabase;
let server: FeedServer;
let dataDir: string;
beforeAll(async () => {
  [database, server, dataDir] = await Promise.all([
    freshDatabase(),
    feedServer(),
    mkdtemp(join(tmpdir(), 'patchherd-feeds-')),
  ]);
});
afterAll(async () => {
  await server?.close();
  await database?.drop();
  await rm(dataDir, { recursive: true, force: true });
});

const log = { info: () => {}, warn: () => {}, error: () => {} };
const started = async () => {
  const sources = Object.fromEntries(feedIds.map((id) => [id, { enabled: false }]));
  const settings = readSettings(
    {
      tenant: 'feeds',
      dataDir,
      people: [{ id: 'kim', name: 'Kim', roles: ['admin'], zone: 'UTC' }],
      chat: { web: { port: await freePort('127.0.0.1'), channel: 'patching' } },
      feeds: {
        sources: { ...sources, kev: { url: `${server.url}/kev.json` }, epss: { url: `${server.url}/epss.csv` } },
      },
    },
    'the test',
  );
  const base = await openBase(settings, database.uri, log, leases);
  // Nothing is asked before anybody knows what the devices are.
  await base.store.devices.insert(make.device('web-1', { facts: make.facts(), tenant: base.world.tenant }), {
    events: [],
  });
  const workers = await startWorkers(settings, base);
  const bot = await startBot(settings, base);
  const messages = webMessages(base.database.connection, 'feeds' as TenantId);
  return {
    base,
    channel: async () => (await messages.list({ rooms: ['patching'] }, 100)).map(({ card }) => card.title),
    async stop() {
      await bot.stop();
      await workers.stop();
      await base.close();
    },
  };
};

it('a worker reads what it can, the channel hears once of what it cannot, and a restart neither asks nor tells again', async () => {
  const kev = [{ cveID: 'CVE-2026-10001', dateAdded: '2026-01-01', dueDate: '2026-01-04' }];
  server.answer('/kev.json', JSON.stringify({ vulnerabilities: kev }));
  server.answer('/epss.csv', '<!doctype html><html>Please log in</html>');
  const first = await started();
  try {
    await until('the notice in the channel', async () => (await first.channel()).length > 0);
    expect(await first.channel()).toEqual(['EPSS: no news']);
    expect(await first.base.store.feeds.get('kev')).toMatchObject({ records: 1, problem: null });
    expect((await first.base.store.feeds.get('epss'))?.problem?.text).toContain('a web page in place of data');
  } finally {
    await first.stop();
  }
  const asked = server.asked.length;
  const second = await started();
  try {
    // The next look is five minutes away: this one is made by hand.
    await second.base.jobs.agenda.now('feed.sync', {});
    await until('another look', async () => {
      const { jobs } = await second.base.jobs.agenda.queryJobs({ name: 'feed.sync' });
      return jobs.length === 1 && !jobs[0]?.lockedAt;
    });
    await until('chat to have said everything', async () => (await second.base.store.outbox.due(1)).length === 0);
    expect(await second.channel()).toEqual(['EPSS: no news']);
    expect(server.asked.length).toBe(asked);
  } finally {
    await second.stop();
  }
});
