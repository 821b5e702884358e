import { describe, expect, it } from 'vitest';
import { readSettings } from '../../config/settings.ts';
import { device, failure, full, minimal, said, window } from './samples.ts';

describe('settings', () => {
  it('fills every default', () => {
    const settings = readSettings(full, 'test');
    expect(settings).toMatchObject({
      database: {},
      chat: { web: { host: '127.0.0.1', port: 8484, channel: 'patching' } },
      priority: { tightenDays: {} },
      triage: { required: false },
      scan: { cron: '17 */4 * * *', zone: 'UTC', maxAgeHours: 24, concurrency: 50 },
      log: { level: 'info' },
    });
    expect(settings.people[0]).toMatchObject({ roles: ['viewer'], accounts: {} });
    expect(settings.devices[0]).toEqual({
      ...device,
      port: 22,
      become: 'sudo',
      hostKeys: [],
      groups: [],
      ownership: 'company',
      zone: 'UTC',
      cluster: [],
    });
    expect(settings.policies[0]).toEqual({
      id: 'standard',
      groups: [],
      windows: [{ ...window, cutoffMinutes: 0 }],
      approvals: { approve: 1, deny: 1 },
      expiresHours: 72,
      reboot: 'if-required',
      conffiles: 'keep',
      deferrals: { max: 3, deadlineDays: 14 },
      noticeMinutes: 15,
      rollbackOnFailure: true,
      digest: { hour: 9 },
    });
  });
  it('leaves the web chat off when another platform is there and nobody asked for it', () => {
    const discord = { botToken: 'x', guild: '123456789012345678', channel: '123456789012345678' };
    expect(readSettings({ ...full, chat: { discord } }, 'test').chat.web).toBeUndefined();
    expect(readSettings({ ...full, chat: { discord, web: {} } }, 'test').chat.web?.port).toBe(8484);
  });
  it('tells every problem at once, of the fields and of the rules between them, with a count', () => {
    const bad = {
      tenant: 'Acme Ltd',
      people: [{ id: 'kim', name: 'Kim', zone: 'Mars/X', rolse: [] }],
      devices: [{ ...device, port: 70000, owner: 'kimm' }],
      policies: [{ id: 'p', windows: [{ ...window, durationMinutes: 9.5 }] }],
    };
    const { code, message } = failure(() => readSettings(bad, 'settings.yaml'));
    expect(code).toBe('settings.invalid');
    expect(message).toBe(
      [
        'settings.yaml: 7 to fix',
        '  tenant is "Acme Ltd": must be lower-case letters, digits and dashes, such as acme',
        '  people.0.zone is "Mars/X": must be an IANA time zone such as Europe/Madrid',
        '  people.0 has an unknown key: "rolse" (did you mean "roles"?)',
        '  devices.0.port is 70000: must be a port from 1 to 65535',
        '  policies.0.windows.0.durationMinutes is 9.5: must be a whole number of minutes from 1 to 1,440',
        '  devices.0.credential is "fleet-key": is not in credentials',
        '  devices.0.owner is "kimm": is not in people; did you mean "kim"?',
      ].join('\n'),
    );
  });
  it('says how a due date can be tightened when it was written wrongly', () => {
    const bad = { ...full, priority: { tightenDays: { critical: 0, urgent: 7 } } };
    const { message } = failure(() => readSettings(bad, 'settings.yaml'));
    expect(message).toContain('priority.tightenDays.critical is 0: must be a whole number of days from 1 to 365');
    expect(message).toContain('"urgent"');
  });
  it.each([
    [{ required: 'yes' }, 'triage.required is "yes": must be true or false'],
    [{ requierd: true }, 'triage has an unknown key: "requierd" (did you mean "required"?)'],
  ])('says what is wrong with triage as %j', (triage, sentence) => {
    expect(said({ ...full, triage })).toEqual([sentence]);
  });
  it('never repeats a secret, wherever it was written', () => {
    const bad = {
      tenant: 'xoxb-CANARY-1',
      people: [{ id: 'https://u:CANARY@x', name: 5, zone: 'xapp-CANARY' }],
      database: { uri: 'postgres://u:CANARY@x' },
      chat: {
        slack: { botToken: 'xapp-CANARY', appToken: 'CANARY', signingSecret: '', channel: 'xoxb-CANARY', CANARYX: 1 },
        discord: { botToken: 12, guild: 'MTIzNDU2Nzg5MDEyMzQ1Njc4.CANARY.aaaaaaaaaaaaaaaaaaaaaaaaaaa' },
      },
      credentials: [
        { name: 'a', kind: 'key', key: 'CANARY', passphrase: 'CANARY' },
        { name: 'b', kind: 'password', password: ['CANARY'] },
        { name: 'c', kind: '-----BEGIN CANARY PRIVATE KEY-----' },
      ],
    };
    const { message } = failure(() => readSettings(bad, 'test'));
    expect(message).toContain('chat.slack.botToken must start with xoxb-');
    expect(message.replace('"CANARYX"', '')).not.toContain('CANARY');
  });
  it.each([
    [null, 'settings is empty: must be a block of keys ({} for all the defaults)'],
    ['tenant: acme', 'settings is "tenant: acme": must be a block of keys ({} for all the defaults)'],
    [[minimal], 'settings is a list: must be a block of keys ({} for all the defaults)'],
    [
      JSON.parse('{"__proto__": {"tenant": "acme"}}'),
      'tenant is missing: must be lower-case letters, digits and dashes, such as acme',
    ],
  ])('that are %j are refused', (raw, sentence) => {
    expect(said(raw)).toContain(sentence);
    expect('tenant' in {}).toBe(false);
  });
  it.each([
    ['chat.slack needs appToken (Socket Mode), or signingSecret with port (HTTP)', {}],
    ['chat.slack has both ways: keep appToken, or signingSecret with port', { appToken: 'xapp-1', signingSecret: 's' }],
    ["chat.slack.port is missing: the port for Slack's HTTP requests, such as 3000", { signingSecret: 's' }],
  ])('%s', (sentence, way) => {
    const slack = { botToken: 'xoxb-1', workspace: 'T0123', channel: 'C0123' };
    expect(said({ ...full, chat: { slack: { ...slack, ...way } } })).toEqual([sentence]);
    expect(said({ ...full, chat: { slack: { ...slack, appToken: 'xapp-1' } } })).toEqual([]);
    expect(said({ ...full, chat: { slack: { ...slack, signingSecret: 's', port: 3000 } } })).toEqual([]);
  });
});
