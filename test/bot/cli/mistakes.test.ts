import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../database.ts';
import { keyPair } from '../../keys.ts';
import { makePlace, type Place, type Ran } from './shell.ts';

vi.setConfig({ testTimeout: 120_000 }); // a dozen processes, each of which compiles the shell, on a busy machine
let place: Place;
let database: FreshDatabase;
beforeAll(async () => {
  [place, database] = await Promise.all([makePlace(), freshDatabase()]);
});
afterAll(async () => {
  await place?.remove();
  await database?.drop();
});

const settings = () => ({
  tenant: 'acme',
  database: { uri: database.uri },
  people: [
    { id: 'kim', name: 'Kim', roles: ['admin'], zone: 'UTC' },
    { id: 'olive', name: 'Olive', roles: ['viewer'], zone: 'UTC' },
  ],
  chat: { web: { host: '0.0.0.0', port: 8484 } },
  credentials: [{ name: 'old', kind: 'password', passwordFile: 'password' }],
  policies: [{ id: 'all', windows: [{ cron: '0 2 * * *', zone: 'UTC', durationMinutes: 60 }] }],
});

/** A person's mistake: exit code 2, a sentence on standard error, and never a stack trace. */
function expectMistake({ code, stderr }: Ran, sentence: string): void {
  expect(stderr).toContain(sentence);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(code).toBe(2);
}

describe('the shell', () => {
  it('explains itself without settings, with every verb of the chat', async () => {
    const [help, one] = await Promise.all([place.run('--help'), place.run('rollback', '--help')]);
    expect(help.code).toBe(0);
    for (const word of ['start', 'init', 'doctor', 'login <person>', 'rollback <device> <patch>', 'wo '])
      expect(help.stdout).toContain(word);
    expect(Math.max(...help.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(one.code).toBe(0);
    expect(one.stdout).toContain('Usage: patchherd rollback [options] <device> <patch>');
  });
  it('answers what it does not understand with one sentence', async () => {
    const [verb, option, missing] = await Promise.all([
      place.run('statsu'),
      place.run('list', '--frob'),
      place.run('rollback', 'web-1'),
    ]);
    expectMistake(verb, "unknown command 'statsu'\n(Did you mean status?)");
    expectMistake(option, "unknown option '--frob'");
    expectMistake(missing, "missing required argument 'patch'");
  });
  it('says where it looked for settings', async () => {
    const [none, wrongPath] = await Promise.all([place.run('list'), place.run('list', '--config', 'nowhere.yaml')]);
    expectMistake(none, 'There are no settings: give --config FILE');
    expectMistake(wrongPath, 'nowhere.yaml does not exist');
  });
  it('tells everything that is wrong with the settings at once, each with its line', async () => {
    const bad = {
      ...settings(),
      people: [{ id: 'kim', name: 'Kim', zone: 'Europe/Madird' }],
      chat: { web: { port: 99_999 } },
      credentials: [{ name: 'fleet', kind: 'key', keyFile: 'no-such-key' }],
    };
    const ran = await place.run('status', '-c', await place.write('bad.yaml', bad));
    expectMistake(ran, '3 to fix');
    expect(ran.stderr).toMatch(/people\.0\.zone \(line \d+\) is "Europe\/Madird": .*Europe\/Madrid/);
    expect(ran.stderr).toMatch(/chat\.web\.port \(line \d+\) is 99999: must be a port/);
    expect(ran.stderr).toMatch(/credentials\.0\.key \(line \d+\) cannot be read: .*no-such-key does not exist/);
  });
});

describe('with settings that work', () => {
  let file: string;
  beforeAll(async () => {
    await place.write('password', 'swordfish\n', 0o644);
    file = await place.write('settings.yaml', settings());
  });

  it('gives a login link to a person of the settings, and to nobody else', async () => {
    const [known, unknown] = await Promise.all([
      place.run('login', 'kim', '-c', file),
      place.run('login', 'nobody', '-c', file),
    ]);
    expect(known.stdout).toMatch(/^http:\/\/localhost:8484\/login\/[\w-]{43}\n$/);
    expect(known.code).toBe(0);
    expectMistake(unknown, '"nobody" is none of the people in the settings: kim, olive.');
    expect(unknown.stdout).toBe('');
  });
  it('warns of a password file that others can read, and never prints the password', async () => {
    const { stdout, stderr } = await place.run('list', '--as', 'kim', '-c', file);
    expect(stderr).toMatch(/Note: .*password has a secret in it .*: chmod 600/);
    expect(stdout + stderr).not.toContain('swordfish');
    expect(stdout).toContain('Waiting [Nothing waits]');
  });
  it('wants to know who acts, and lets nobody do more than their roles say', async () => {
    const [nobody, stranger, viewer] = await Promise.all([
      place.run('list', '-c', file),
      place.run('list', '--as', 'eve', '-c', file),
      place.run('device', 'add', 'web-1', '--address', '127.0.0.1', '--user', 'root', '--as', 'olive', '-c', file),
    ]);
    expectMistake(nobody, 'I do not know who you are: say it with --as, one of kim, olive.');
    expectMistake(stranger, '"eve" is none of the people in the settings');
    expectMistake(viewer, 'You need the role admin for this. You have: viewer.');
  });
  it('adds devices by flags or from a file only when all of them are right', async () => {
    const good = { name: 'web-1', address: '127.0.0.1', user: 'root', credential: 'old' };
    const list = await place.write('devices.yaml', { devices: [good, { ...good, name: 'web 2', port: 0 }] });
    const flags = ['--address', '127.0.0.1', '--port', '99999', '--user', 'root', '--criticality', 'huge'];
    const as = ['--as', 'kim', '-c', file];
    const [imported, added] = await Promise.all([
      place.run('device', 'import', list, ...as),
      place.run('device', 'add', 'web-3', ...flags, ...as),
    ]);
    expectMistake(imported, `${list}: 2 to fix`);
    expect(imported.stderr).toMatch(/devices\.1\.name \(line \d+\) is "web 2": must be/);
    expectMistake(added, 'web-3 was not added: 2 to fix');
    expect(added.stderr).toContain('--port is 99999: must be a port from 1 to 65535');
    expect(added.stderr).toContain('--criticality is "huge": must be one of low, normal, high, mission');
    expect((await place.run('device', 'list', ...as)).stdout).toContain('Devices [0 in all]');
  });
  it('adds a device that is right once, and takes it back after it was retired', async () => {
    const device = (verb: string, ...more: readonly string[]) =>
      place.run('device', verb, 'web-1', ...more, '--as', 'kim', '-c', file);
    const flags = ['--address', '127.0.0.1', '--user', 'root', '--groups', 'web', 'production'];
    const { stdout } = await device('add', ...flags);
    expect(stdout).toContain('web-1 is added. Next: patchherd device accept-key web-1');
    expect(stdout).toContain('it counts as reachable from the internet (--exposure)');
    expectMistake(await device('add', ...flags), 'A device named "web-1" exists already.');
    expect((await device('show')).stdout).toContain('Groups       web, production');
    expect((await device('retire')).code).toBe(0);
    expect((await device('add', ...flags)).stdout).toContain('web-1 is back.');
  });
  it('refuses a device and a button that do not exist', async () => {
    const as = ['--as', 'kim', '-c', file];
    const [device, ref, button] = await Promise.all([
      place.run('device', 'retire', 'web-9', ...as),
      place.run('press', 'proposal.approve', 'p-1', ...as),
      place.run('press', 'proposal.frob', 'p-1@1', ...as),
    ]);
    expectMistake(device, 'I do not know a device named "web-9"');
    expectMistake(ref, '"p-1" must be subject@revision');
    expectMistake(button, 'I cannot read this button');
  });
  it('says which database does not answer, without its password', async () => {
    const uri = 'mongodb://kim:swordfish@127.0.0.1:9/x';
    const dead = await place.write('dead.yaml', { ...settings(), dataDir: 'dead', database: { uri } });
    const { code, stderr } = await place.run('list', '--as', 'kim', '-c', dead);
    expect(stderr).toContain('(127.0.0.1:9) does not answer');
    expect(stderr).not.toContain('swordfish');
    expect(code).toBe(1);
  });
  it('leaves in order when it is interrupted', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const device = { name: 'silent', address: '127.0.0.1', port, user: 'root', credential: 'old' };
    const as = ['--as', 'kim', '-c', file];
    expect((await place.run('device', 'import', await place.write('one.yaml', [device]), ...as)).code).toBe(0);
    const waiting = place.start(['device', 'accept-key', 'silent', ...as]);
    await once(silent, 'connection');
    waiting.child.kill('SIGINT');
    const { code, stderr } = await waiting.ended;
    silent.close();
    expect(stderr).toMatch(/Stopped\. What was done stays; it is safe to run the command again\.\n$/);
    expect(code).toBe(130);
  });
  it('takes its first settings from flags, and they are settings that work', async () => {
    const key = await place.write('key', keyPair().private);
    const answers = ['--name', 'Zoë Park', '--zone', 'UTC', '--address', '127.0.0.1', '--key-file', key];
    expectMistake(await place.run('init', '--out', 'new.yaml', '--zone', 'UTC').then(onlyText), '--name --address');
    expect((await place.run('init', '--out', 'new.yaml', '--tenant', 'acme', ...answers)).code).toBe(0);
    const env = { PATCHHERD_DATABASE_URI: database.uri, PATCHHERD_CONFIG: 'new.yaml' };
    const { stdout } = await place.start(['status'], env).ended; // the only person needs no --as
    expect(stdout).toContain('Waiting for a decision');
  });
});

/** init tells its mistakes as answers, on standard output. */
const onlyText = (ran: Ran): Ran => ({ ...ran, stderr: ran.stderr + ran.stdout });
