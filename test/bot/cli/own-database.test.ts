import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { canRunDocumentdb } from '../../../workers/store/database/documentdb/documentdb.ts';
import { findMongod } from '../../../workers/store/database/mongod.ts';
import { freePort } from '../../fleet/sshd.ts';
import { makePlace, type Place } from './shell.ts';

vi.setConfig({ testTimeout: 120_000 }); // a dozen processes, each of which compiles the shell, on a busy machine
const runnable = (await findMongod()) !== null || (await canRunDocumentdb());
if (!runnable) console.error('skipped: the shell on a database of its own: neither mongod nor DocumentDB can run here');
const test = it.skipIf(!runnable);

let place: Place;
beforeAll(async () => {
  place = await makePlace();
  await place.write('patchherd.yaml', {
    tenant: 'own',
    people: [{ id: 'kim', name: 'Kim', roles: ['admin'], zone: 'UTC' }],
    chat: { web: { port: await freePort('127.0.0.1') } },
    feeds: { enabled: false },
    log: { level: 'error' },
  });
});
afterAll(() => place?.remove());

test('one process has the database: commands share it, a second start says who has it, and nothing is left behind', async () => {
  const running = place.start(['start']); // finds ./patchherd.yaml, as every command does
  await running.says('patchherd runs: bot and worker.');
  const told = join(place.dir, 'data', 'running.json');
  expect(statSync(told).mode & 0o777).toBe(0o600);
  const [status, login, second] = await Promise.all([
    place.run('status'),
    place.run('login', 'kim'),
    place.run('start'),
  ]);
  expect(status.stdout).toContain('Status [Running]');
  expect(login.stdout).toContain('/login/');
  expect(second.stderr).toContain(
    `patchherd runs already on ${join(place.dir, 'data')} (process ${running.child.pid})`,
  );
  expect(second.stderr).not.toMatch(/^\s+at /m);
  expect(second.code).toBe(1);
  expect((await fetch(login.stdout.trim())).status).toBe(200); // it opens where the process listens
  running.child.kill('SIGINT');
  const { code, stderr } = await running.ended;
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(existsSync(told)).toBe(false);
});

test('commands without a running process take turns with the database', async () => {
  const both = await Promise.all([place.run('status'), place.run('device', 'list')]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(existsSync(join(place.dir, 'data', 'running.json'))).toBe(false); // nobody may share what ends with a command
});
