import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type Ask, terminalAsk } from '../../../bot/cli/ask.ts';
import { init } from '../../../bot/cli/init.ts';
import { type Answers, answersFrom, flags } from '../../../bot/cli/init-questions.ts';
import { check, loadSettings } from '../../../config/load.ts';
import { keyPair } from '../../keys.ts';

const dir = mkdtempSync(join(tmpdir(), 'patchherd-init-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const keyFile = join(dir, 'key');
writeFileSync(keyFile, keyPair().private, { mode: 0o600 });
const lockedFile = join(dir, 'locked');
const locked = keyPair('open sesame');
writeFileSync(lockedFile, locked.private, { mode: 0o600 });

let files = 0;
const fresh = () => join(dir, `new-${files++}`, 'settings.yaml');
const load = (file: string) => loadSettings({ file, env: {} });

/** Somebody who answers each question from a list of [part of the question, answer]; once each, in the order of the list. */
function person(script: readonly (readonly [string, string])[]): {
  ask: Ask;
  asked: { question: string; secret: boolean }[];
} {
  const left = [...script];
  const asked: { question: string; secret: boolean }[] = [];
  return {
    asked,
    async ask(question, { secret = false } = {}) {
      asked.push({ question, secret });
      const at = left.findIndex(([part]) => question.includes(part));
      return at < 0 ? '' : (left.splice(at, 1)[0]?.[1] ?? '');
    },
  };
}
async function run(out: string, ask: Ask | null, more: { given?: Answers; overwrite?: boolean } = {}) {
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const written = await init({ out, ask, say, check: (raw) => check(raw, { file: out, env: {} }), ...more });
  return { written, said: lines.join('\n') };
}
const basics = [
  ['organisation', 'acme'],
  ['own name', 'Zoë Park'],
  ['time zone', 'Europe/Madrid'],
  ['first device', 'web-1.example.org'],
  ['file of that private key', keyFile],
] as const;

describe('init, with somebody to ask', () => {
  it('writes a file that loads, readable by its owner alone, and says what comes next', async () => {
    const out = fresh();
    const { written, said } = await run(out, person(basics).ask);
    expect(written).toBe(true);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const { settings, warnings } = load(out);
    expect(warnings).toEqual([]);
    expect(settings).toMatchObject({
      tenant: 'acme',
      people: [{ id: 'zoe-park', name: 'Zoë Park', roles: ['admin'], zone: 'Europe/Madrid' }],
      chat: { web: { port: 8484 } },
      devices: [{ name: 'web-1', address: 'web-1.example.org', user: 'root', become: 'none', hostKeys: [] }],
      policies: [{ windows: [{ cron: '0 2 * * *', zone: 'Europe/Madrid', durationMinutes: 180 }] }],
    });
    expect(said).toContain(`patchherd device accept-key web-1 --config ${out}`);
  });
  it('asks again, with the sentence of the settings, until an answer is right', async () => {
    const out = fresh();
    const wrong = [
      ['organisation', 'Acme Ltd'],
      ['time zone', 'Mars'],
      ['file of that private key', '/nowhere'],
      ['When may it be patched', 'sometimes'],
    ] as const;
    const { written, said } = await run(out, person([...wrong, ...basics]).ask);
    expect(written).toBe(true);
    expect(said).toContain('That is "Acme Ltd": must be lower-case letters, digits and dashes');
    expect(said).toContain('That is "Mars": must be an IANA time zone');
    expect(said).toContain('That cannot be read: /nowhere does not exist');
    expect(said).toContain('That is "sometimes": must have five fields');
  });
  it.each([
    ['weekly', '0 3 * * SUN'],
    ['monthly', '0 22 * * TUE#3'],
    ['30 4 * * SAT', '30 4 * * SAT'],
  ])('takes %s as a window', async (answer, cron) => {
    const out = fresh();
    await run(out, person([...basics, ['When may it be patched', answer]]).ask);
    expect(load(out).settings.policies[0]?.windows[0]?.cron).toBe(cron);
  });
  it('takes a key with a passphrase, another user, and both platforms; secrets are asked unseen', async () => {
    const out = fresh();
    const { ask, asked } = person([
      ['passphrase', 'open sesame'],
      ['file of that private key', lockedFile],
      ...basics.slice(0, 4),
      ['log in as', 'patchherd'],
      ['Who can reach it', 'internal'],
      ['Connect Slack', 'yes'],
      ['Bot token (xoxb', 'xoxb-1'],
      ['App-level', 'xapp-1'],
      ['Workspace', 'T0123'],
      ['Channel id (C', 'C0123'],
      ['member id', 'U0123'],
      ['Connect Discord', 'y'],
      ['Bot token', 'discord-token'],
      ['Server id', '123456789012345678'],
      ['Channel id', '223456789012345678'],
      ['user id', '323456789012345678'],
    ]);
    expect((await run(out, ask)).written).toBe(true);
    const { settings } = load(out);
    expect(settings.chat).toMatchObject({
      slack: { appToken: 'xapp-1' },
      discord: { guild: '123456789012345678' },
      web: {},
    });
    expect(settings.people[0]?.accounts).toEqual({
      slack: 'T0123/U0123',
      discord: '123456789012345678/323456789012345678',
    });
    expect(settings.devices[0]).toMatchObject({ user: 'patchherd', become: 'sudo', exposure: 'internal' });
    expect(settings.devices[0]).toMatchObject({ criticality: 'normal' });
    expect(asked.filter(({ secret }) => secret).map(({ question }) => question.slice(0, 9))).toEqual([
      'The passp',
      'Bot token',
      'App-level',
      'Bot token',
    ]);
  });
  it('replaces an existing file only after a yes', async () => {
    const out = join(dir, 'existing.yaml');
    writeFileSync(out, 'mine', { mode: 0o644 });
    expect((await run(out, person(basics).ask)).written).toBe(false);
    expect(readFileSync(out, 'utf8')).toBe('mine');
    expect((await run(out, person([['Replace it', 'yes'], ...basics]).ask)).written).toBe(true);
    expect(load(out).settings.tenant).toBe('acme');
    expect(statSync(out).mode & 0o777).toBe(0o600);
  });
});

describe('init, with nobody to ask', () => {
  const given = { tenant: 'acme', name: 'Kim', zone: 'UTC', address: '192.0.2.10', 'key-file': keyFile };
  it('says every flag that is missing and writes nothing', async () => {
    const out = fresh();
    const { written, said } = await run(out, null, { given: { tenant: 'acme' } });
    expect(written).toBe(false);
    expect(said).toContain('these flags are needed: --name --address.');
    expect(existsSync(out)).toBe(false);
  });
  it('says what is wrong with a flag and writes nothing', async () => {
    const out = fresh();
    const { written, said } = await run(out, null, { given: { ...given, zone: 'Mars' } });
    expect(written).toBe(false);
    expect(said).toContain('people.0.zone is "Mars": must be an IANA time zone');
    expect(existsSync(out)).toBe(false);
  });
  it('never takes half of a platform', async () => {
    const { written, said } = await run(fresh(), null, { given: { ...given, 'slack-workspace': 'T0123' } });
    expect(written).toBe(false);
    expect(said).toContain('chat.slack.botToken is missing');
  });
  it('keeps an existing file unless told to overwrite it', async () => {
    const out = join(dir, 'kept.yaml');
    writeFileSync(out, 'mine');
    expect((await run(out, null, { given })).said).toContain('give --overwrite');
    expect(readFileSync(out, 'utf8')).toBe('mine');
    expect((await run(out, null, { given, overwrite: true })).written).toBe(true);
    expect(load(out).settings.devices[0]?.name).toBe('device-1');
  });
  it('fails with one sentence where it may not write', async () => {
    const file = join(dir, 'a-file');
    writeFileSync(file, '');
    await expect(run(join(file, 'settings.yaml'), null, { given })).rejects.toMatchObject({
      code: 'settings.unwritable',
    });
  });
  it('has no flag for a secret', () => {
    expect(flags).toContain('slack-workspace');
    expect(flags.filter((flag) => /token|passphrase/.test(flag))).toEqual([]);
    expect(answersFrom({ keyFile: 'a', tenant: 'b', passphrase: 'c', overwrite: true })).toEqual({
      'key-file': 'a',
      tenant: 'b',
    });
  });
  it('works as a process of its own over pipes', () => {
    const out = fresh();
    const script = fileURLToPath(new URL('run-init.ts', import.meta.url));
    const process_ = (flag: object) =>
      spawnSync(process.execPath, ['--import', 'tsx', script, out, JSON.stringify(flag)], {
        input: 'acme\n',
        encoding: 'utf8',
      });
    const refused = process_({});
    expect(refused.stdout).toContain('This is not a terminal, so these flags are needed: --name --address.');
    expect(refused.status).toBe(2);
    const accepted = process_(given);
    expect(accepted.stdout).toContain(`Written to ${out}`);
    expect(accepted.status).toBe(0);
    expect(load(out).settings.tenant).toBe('acme');
  });
});

describe('a question on a terminal', () => {
  function terminal() {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const seen: string[] = [];
    output.on('data', (chunk) => seen.push(String(chunk)));
    return { ...terminalAsk(input, output), input, seen: () => seen.join('') };
  }
  it('shows what is typed, unless it is a secret', async () => {
    const { ask, close, input, seen } = terminal();
    const name = ask('Name: ');
    input.write('Kim\r');
    expect(await name).toBe('Kim');
    const token = ask('Token: ', { secret: true });
    input.write('xoxb-CANARY\r');
    expect(await token).toBe('xoxb-CANARY');
    const last = ask('Zone: ');
    input.write('UTC\r');
    await last;
    close();
    expect(seen()).toContain('Kim');
    expect(seen()).toContain('Token: ');
    expect(seen()).toContain('UTC');
    expect(seen()).not.toContain('CANARY');
  });
  it.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('ends with %s', async (_, key) => {
    const { ask, input } = terminal();
    const answer = ask('Name: ');
    input.write(key);
    await expect(answer).rejects.toMatchObject({ code: 'ask.stopped' });
  });
  it('ends when the terminal is gone', async () => {
    const { ask, input } = terminal();
    const answer = ask('Name: ');
    input.end();
    await expect(answer).rejects.toMatchObject({ code: 'ask.stopped' });
  });
});
