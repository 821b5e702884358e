import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadSettings } from '../../config/load.ts';
import { keyPair } from '../keys.ts';
import { failure } from './samples.ts';

const dir = mkdtempSync(join(tmpdir(), 'patchherd-settings-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const key = keyPair().private;

let files = 0;
function file(text: string | Uint8Array, mode = 0o600): string {
  const path = join(dir, `file-${files++}`);
  writeFileSync(path, text, { mode });
  return path;
}
const minimal = 'tenant: acme\npeople: [{ id: kim, name: Kim, zone: UTC, roles: [admin] }]\n';
const load = (text: string | Uint8Array, env: NodeJS.ProcessEnv = {}) => loadSettings({ file: file(text), env });
const slack = 'chat: { slack: { workspace: T0123, channel: C0123, appToken: xapp-1 } }\n';

describe('a settings file', () => {
  it('is read with its defaults', () => {
    expect(load(minimal)).toMatchObject({ settings: { tenant: 'acme', log: { level: 'info' } }, warnings: [] });
  });
  it('gets every problem with its line', () => {
    const { message } = failure(() =>
      load(`tenant: acme\npeople:\n  - id: kim\n    name: Kim\n    zone: Mars\nlog: { level: loud }\n`),
    );
    expect(message).toContain('people.0.zone (line 5) is "Mars"');
    expect(message).toContain('log.level (line 6) is "loud"');
  });
  it('names the line of the block when the key itself is missing', () => {
    expect(failure(() => load('tenant: acme\npeople:\n  - id: kim\n    zone: UTC\n')).message).toContain(
      'people.0.name (line 3) is missing',
    );
  });
  it.each([
    ['a key that is there twice', 'tenant: a\ntenant: b\n', 'line 2: this key is there twice'],
    ['two documents', `${minimal}---\ntenant: b\n`, 'line 3: a second document'],
    ['a tab', 'tenant: a\nlog:\n\tlevel: info\n', 'line 3: a tab'],
    [
      'a cron that starts with a star',
      'tenant: a\nscan:\n  cron: */4 * * * *\n',
      'line 3: something that does not belong here',
    ],
    ['an open quote', 'tenant: "a\n', 'something is not closed'],
    ['a tag', 'tenant: !!js/function a\n', 'line 1: a tag (!) that is not known'],
    ['a text', 'hello\n', 'must be a block of keys'],
    ['a list', '- tenant: a\n', 'must be a block of keys'],
  ])('with %s is refused with a sentence', (_, text, sentence) => {
    const { code, message } = failure(() => load(text));
    expect(code).toBe('settings.invalid');
    expect(message).toContain(sentence);
  });
  it('never shows a secret of a line that is not YAML', () => {
    expect(failure(() => load('database:\n  uri: "mongodb://u:CANARY@h\n  CANARY: [CANARY\n')).message).not.toContain(
      'CANARY',
    );
  });
  it('cannot blow up: aliases, depth, prototypes', () => {
    const rows = Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(',')}]`);
    expect(failure(() => load(`a0: &a0 [x,x,x]\n${rows.join('\n')}\n`)).message).toContain(
      'more than 100 uses of aliases',
    );
    for (const deep of [
      '['.repeat(300_000),
      '\n[\n[ '.repeat(100_000),
      '- '.repeat(300_000),
      '? '.repeat(300_000),
      '{a: '.repeat(200_000),
    ])
      expect(failure(() => load(deep)).message).toContain('is nested too deeply');
    const stairs = Array.from({ length: 1400 }, (_, depth) => `${' '.repeat(depth)}a:\n`);
    expect(failure(() => load(stairs.join(''))).message).toContain('is nested too deeply');
    expect(failure(() => load(`${minimal}__proto__: { polluted: 1 }\n`)).message).toContain('unknown key: "__proto__"');
    expect('polluted' in {}).toBe(false);
  });
  it.each([
    ['that is missing', () => join(dir, 'nowhere.yaml'), 'does not exist'],
    ['that is a directory', () => dir, 'is a directory'],
    ['over 1 MiB', () => file(`#${'x'.repeat(1024 * 1024)}\n${minimal}`), 'settings have 1 MiB at most'],
    ['that is not UTF-8', () => file(Uint8Array.of(0x74, 0xff, 0xfe)), 'is not text in UTF-8'],
  ])('%s is refused by name', (_, path, sentence) => {
    const named = path();
    const { code, message } = failure(() => loadSettings({ file: named, env: {} }));
    expect(code).toBe('settings.unreadable');
    expect(message).toContain(named);
    expect(message).toContain(sentence);
  });
  it('is not needed to learn what is missing', () => {
    expect(failure(() => loadSettings({ env: {} })).message).toContain(
      'the environment: 2 to fix\n  tenant is missing',
    );
  });
  it('has paths relative to itself', () => {
    const name = file('xoxb-from-file\n').slice(dir.length + 1);
    const { settings } = load(
      `${minimal}dataDir: data\nchat: { slack: { botTokenFile: ${name}, workspace: T01, channel: C01, appToken: xapp-1 } }`,
    );
    expect(settings.chat.slack?.botToken).toBe('xoxb-from-file');
    expect(settings.dataDir).toBe(join(dir, 'data'));
  });
  it('may use the home directory', () => {
    const name = file('mongodb://home/db').slice(dir.length + 1);
    expect(load(`${minimal}database: { uriFile: ~/${name} }`, { HOME: dir }).settings.database.uri).toBe(
      'mongodb://home/db',
    );
  });
});

describe('a secret', () => {
  const token = (env: NodeJS.ProcessEnv, text = minimal + slack) => load(text, env).settings.chat.slack?.botToken;
  it('comes from the environment, or from a file that the environment names, before the settings', () => {
    const inline = minimal + slack.replace('appToken', 'botToken: xoxb-inline, appToken');
    expect(token({}, inline)).toBe('xoxb-inline');
    expect(token({ PATCHHERD_SLACK_BOT_TOKEN: 'xoxb-env' }, inline)).toBe('xoxb-env');
    expect(token({ PATCHHERD_SLACK_BOT_TOKEN_FILE: file('xoxb-env-file\n') }, inline)).toBe('xoxb-env-file');
    expect(token({ PATCHHERD_SLACK_BOT_TOKEN: '' }, inline)).toBe('xoxb-inline');
  });
  it('of the database comes from PATCHHERD_DATABASE_URI before MONGODB_URI', () => {
    const uri = (env: NodeJS.ProcessEnv) => load(minimal, env).settings.database.uri;
    expect(uri({})).toBeUndefined();
    expect(uri({ MONGODB_URI: 'mongodb://a/b' })).toBe('mongodb://a/b');
    expect(uri({ MONGODB_URI: 'mongodb://a/b', PATCHHERD_DATABASE_URI: 'mongodb://c/d' })).toBe('mongodb://c/d');
  });
  it('may be in the address of a proxy, which comes from the variables that curl reads', () => {
    const proxy = (env: NodeJS.ProcessEnv, text = minimal) => load(text, env).settings.proxy;
    const own = `${minimal}proxy: { httpsFile: ${file('http://kim:sesame@own:3128\n')} }\n`;
    expect(proxy({})).toEqual({});
    expect(proxy({}, own)).toEqual({ https: 'http://kim:sesame@own:3128' });
    const custom = { HTTPS_PROXY: 'http://a:1', HTTP_PROXY: 'http://b:2', NO_PROXY: 'c.example.org,.d.example.org' };
    const read = { https: 'http://a:1', http: 'http://b:2', except: 'c.example.org,.d.example.org' };
    expect(proxy(custom, own)).toEqual(read);
    expect(proxy({ ...custom, https_proxy: 'e:3' })).toEqual({ ...read, https: 'http://e:3' });
    expect(proxy({ ...custom, https_proxy: 'e:3', PATCHHERD_PROXY_HTTPS: 'https://f' }).https).toBe('https://f');
  });
  it('of a credential is named after it in the environment', () => {
    const text = `${minimal}credentials: [{ name: old-switch, kind: password }]\n`;
    const { settings } = load(text, { PATCHHERD_CREDENTIAL_OLD_SWITCH_PASSWORD: 'sesame' });
    expect(settings.credentials).toEqual([{ name: 'old-switch', kind: 'password', password: 'sesame' }]);
  });
  it('given twice is a problem, not a guess', () => {
    const twice = minimal + slack.replace('appToken', 'botToken: xoxb-1, botTokenFile: x, appToken');
    expect(failure(() => load(twice)).message).toContain('is given twice, as botToken and as botTokenFile: keep one');
    const env = { PATCHHERD_SLACK_BOT_TOKEN: 'xoxb-1', PATCHHERD_SLACK_BOT_TOKEN_FILE: 'x' };
    expect(failure(() => load(minimal + slack, env)).message).toContain(
      'is given twice, by PATCHHERD_SLACK_BOT_TOKEN and PATCHHERD_SLACK_BOT_TOKEN_FILE: keep one',
    );
  });
  it.each([
    ['missing', () => join(dir, 'nowhere'), 'does not exist'],
    ['empty', () => file('\n'), 'is empty'],
    ['a directory', () => dir, 'is a directory'],
    ['much too big', () => file('x'.repeat(70_000)), 'is too big for a secret'],
  ])('in a file that is %s is one problem, beside the others', (_, path, sentence) => {
    const env = { PATCHHERD_SLACK_BOT_TOKEN_FILE: path() };
    const { message } = failure(() => load(minimal + slack.replace('C0123', 'general'), env));
    expect(message).toContain('2 to fix');
    expect(message).toContain(sentence);
    expect(message).toContain('chat.slack.channel');
  });
});

describe('an operator is warned', () => {
  const credential = (path: string) => `credentials: [{ name: k, kind: key, keyFile: ${path} }]\n`;
  it('of a private key that others can read, and of a settings file with a secret in it', () => {
    const open = file(key, 0o644);
    expect(load(minimal + credential(open)).warnings).toEqual([
      `${open} has a secret in it and is open to other users (mode 644): chmod 600 ${open}`,
    ]);
    expect(load(minimal + credential(file(key))).warnings).toEqual([]);
    const settings = file(`${minimal}database: { uri: mongodb://a/b }\n`, 0o640);
    expect(loadSettings({ file: settings, env: {} }).warnings[0]).toContain('open to other users (mode 640)');
    expect(loadSettings({ file: file(minimal, 0o644), env: {} }).warnings).toEqual([]);
  });
  it('of a web chat for others whose login links nobody else can open', () => {
    expect(load(`${minimal}chat: { web: { host: 0.0.0.0 } }`).warnings[0]).toContain('without publicUrl');
    expect(load(`${minimal}chat: { web: { host: 0.0.0.0, publicUrl: https://p.example } }`).warnings).toEqual([]);
  });
  it('of devices that no policy selects, and of approvals that nobody can complete', () => {
    const policy =
      'policies: [{ id: web, groups: [web], approvals: { approve: 2 }, windows: [{ cron: 0 2 * * *, zone: UTC, durationMinutes: 60 }] }]\n';
    const devices = 'devices: [{ name: db-1, address: db-1, user: p, credential: k, groups: [db] }]\n';
    expect(load(minimal + credential(file(key)) + policy + devices).warnings).toEqual([
      "device db-1 is in no policy's groups: it is scanned, but never patched",
      'policy web needs 2 approvals: people who may approve: 1',
    ]);
  });
});
