/** What commands load: Node itself writes down every file that it has run (NODE_V8_COVERAGE). */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../database.ts';
import { makePlace, type Place } from './shell.ts';

vi.setConfig({ testTimeout: 120_000 }); // processes, each of which compiles the shell, on a busy machine
let database: FreshDatabase;
let place: Place;
beforeAll(async () => {
  [database, place] = await Promise.all([freshDatabase(), makePlace()]);
  await place.write('patchherd.yaml', {
    tenant: 'acme',
    database: { uri: database.uri },
    people: [{ id: 'kim', name: 'Kim', roles: ['admin'], zone: 'UTC' }],
  });
});
afterAll(async () => {
  await place?.remove();
  await database?.drop();
});

/** What runs TypeScript in tests; the built shell does without it. */
const loader = ['tsx', 'esbuild', 'get-tsconfig'];
type Coverage = { readonly result: readonly { readonly url: string }[] };

/** The npm packages that a command of the shell has run something of, in order of name. */
async function packagesOf(name: string, args: readonly string[], input = ''): Promise<readonly string[]> {
  const folder = join(place.dir, name);
  const { code, stderr } = await place.start(args, { NODE_V8_COVERAGE: folder }, input).ended;
  expect([code, stderr]).toEqual([0, '']);
  const found = new Set<string>();
  for (const file of await readdir(folder)) {
    const { result } = JSON.parse(await readFile(join(folder, file), 'utf8')) as Coverage; // only Node writes into it
    for (const { url } of result) {
      const own = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
      if (own && !loader.includes(own)) found.add(own);
    }
  }
  return [...found].sort();
}

describe('the shell', () => {
  it('loads nothing but its reader of command lines for --help, and for comparing versions', async () => {
    expect(await packagesOf('help', ['--help'])).toEqual(['commander']);
    expect(await packagesOf('compare', ['compare', 'deb'], '1\t2\n')).toEqual(['commander']);
  });

  it('loads no database and no web server for a check of one machine', async () => {
    const plan = await place.write('plan', 'Inst openssl [3.0.1-1] (3.0.2-1 Debian:13 [amd64])\n');
    const listing = 'openssl\t3.0.1-1\tamd64\topenssl\t3.0.1-1\tii \n';
    const loaded = await packagesOf('check', ['check', '--os', 'debian:13', '--plan', plan], listing);
    expect(loaded).toContain('zod'); // the feeds' own
    for (const one of ['mongodb', 'mongoose', 'agenda', 'hono', 'ssh2', 'pino']) expect(loaded).not.toContain(one);
  });

  it('loads the driver for a question to the database, but no platform, no web server and no database of its own', async () => {
    const loaded = await packagesOf('status', ['status']);
    expect(loaded).toContain('mongodb');
    for (const one of ['@slack/bolt', 'discord.js', 'hono', '@hono/node-server', 'mongodb-memory-server', 'pg'])
      expect(loaded).not.toContain(one);
  });
});
