import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadSettings } from '../../config/load.ts';
import { deviceSeeds, logins, people, policies, tighten, triageRequired } from '../../config/records.ts';
import { readSettings, Settings } from '../../config/settings.ts';
import { keyPair } from '../keys.ts';

const dir = mkdtempSync(join(tmpdir(), 'patchherd-example-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('config/example.yaml', () => {
  const text = readFileSync(fileURLToPath(new URL('../../config/example.yaml', import.meta.url)), 'utf8');
  const locked = keyPair('p').private;
  const contents: Readonly<Record<string, string>> = {
    'database-uri': 'mongodb://localhost/patchherd',
    'slack-bot-token': 'xoxb-1',
    'slack-app-token': 'xapp-1',
    'discord-bot-token': 'token',
    'fleet-key': locked,
    'fleet-key-passphrase': 'p',
    'old-switch': 'secret',
  };
  /** The example with its secrets in files of this test, read like an operator's file. */
  function load() {
    for (const [name, secret] of Object.entries(contents)) writeFileSync(join(dir, name), secret, { mode: 0o600 });
    const file = join(dir, 'settings.yaml');
    writeFileSync(file, text.replaceAll('/etc/patchherd/secrets/', `${dir}/`));
    return loadSettings({ file, env: {} });
  }
  it('passes without a problem or a warning', () => {
    expect(load().warnings).toEqual([]);
  });
  it('is the same when it is read again', () => {
    const { settings } = load();
    expect(readSettings(structuredClone(settings), 'again')).toEqual(settings);
  });
  it('becomes people, policies, devices and logins of the domain', () => {
    const { settings } = load();
    expect(people(settings)[0]).toEqual({
      id: 'kim',
      tenant: 'acme',
      name: 'Kim Park',
      roles: ['admin', 'approver'],
      zone: 'Europe/Madrid',
      accounts: [
        { platform: 'slack', workspace: 'T0123ABCD', user: 'U0123ABCD' },
        { platform: 'discord', workspace: '123456789012345678', user: '234567890123456789' },
        { platform: 'web', workspace: 'acme', user: 'kim' },
        { platform: 'cli', workspace: 'acme', user: 'kim' },
      ],
    });
    expect(policies(settings)[0]).toMatchObject({
      id: 'production',
      concurrency: { percent: 10 },
      errorBudget: { count: 1 },
      digest: { hour: 9, zone: 'Europe/Madrid' },
    });
    // Without a zone of its own a digest follows the first window.
    const usual = { groups: [], concurrency: null, errorBudget: null, digest: { hour: 9, zone: 'UTC' } };
    expect(policies(settings)[1]).toMatchObject(usual);
    expect(deviceSeeds(settings)[0]).toMatchObject({
      tenant: 'acme',
      transport: 'ssh',
      owner: 'riley',
      criticality: 'high',
    });
    expect(tighten(settings)).toEqual({ critical: 7 });
    expect(triageRequired(settings)).toBe(true);
    expect(logins(settings)('fleet-key')).toEqual({ kind: 'key', privateKey: locked.trimEnd(), passphrase: 'p' });
    expect(logins(settings)('my-agent')).toEqual({ kind: 'agent', socket: '/run/user/1000/ssh-agent.socket' });
    expect(logins(settings)('nobody')).toBeUndefined();
  });
  it('has every key of the schema', () => {
    const schema = JSON.stringify(z.toJSONSchema(Settings, { io: 'input', unrepresentable: 'any' }));
    const keys = [...schema.matchAll(/"properties":\{/g)].length;
    expect(keys).toBeGreaterThan(15);
    const missing = keysOf(JSON.parse(schema)).filter((key) => !new RegExp(`\\b${key}(File)?:`).test(text));
    expect(missing).toEqual([]);
  });
});

/** Every property name in a JSON schema. */
function keysOf(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const own = 'properties' in node && typeof node.properties === 'object' ? Object.keys(node.properties ?? {}) : [];
  return [...own, ...Object.values(node).flatMap(keysOf)];
}
