import { describe, expect, it } from 'vitest';
import { keyPair } from '../keys.ts';
import { device, full, minimal, said, window } from './samples.ts';

describe('one field at a time', () => {
  const inDevice = (field: object) => ({ ...full, devices: [{ ...device, ...field }] });
  const inPolicy = (field: object) => ({ ...full, policies: [{ id: 'standard', windows: [window], ...field }] });
  const inWindow = (field: object) => inPolicy({ windows: [{ ...window, ...field }] });
  const inChat = (discord: object) => ({
    ...full,
    chat: { discord: { botToken: 'x', guild: '1', channel: '1', ...discord } },
  });
  const inPeople = (field: object) => ({
    ...full,
    people: [...minimal.people, { id: 'riley', name: 'R', zone: 'UTC', ...field }],
  });
  it.each([
    [
      inDevice({ name: 'web 1' }),
      'devices.0.name is "web 1": must be letters, digits, dot, dash and underscore, such as web-1',
    ],
    [inDevice({ name: '-oProxyCommand=id' }), 'devices.0.name is "-oProxyCommand=id"'],
    [
      inDevice({ address: 'root@web-1' }),
      'devices.0.address is "root@web-1": must be a host name or an IP address alone',
    ],
    [inDevice({ address: 'web-1:22' }), 'devices.0.address is "web-1:22"'],
    [inDevice({ address: '-oProxyCommand=id' }), 'devices.0.address is "-oProxyCommand=id"'],
    [inDevice({ user: 'a b' }), 'devices.0.user is "a b"'],
    [
      inDevice({ credential: 'fleet_key' }),
      'devices.0.credential is "fleet_key": is not in credentials; did you mean "fleet-key"?',
    ],
    [
      inDevice({ hostKeys: ['ssh-ed25519 AAAAC3Nz'] }),
      'devices.0.hostKeys.0 is "ssh-ed25519 AAAAC3Nz": must be a fingerprint',
    ],
    [inDevice({ groups: 'web' }), 'devices.0.groups is "web": must be a list'],
    [inDevice({ become: 'su' }), 'devices.0.become is "su": must be one of sudo, none'],
    [inDevice({ criticality: null }), 'devices.0.criticality is empty: must be one of low, normal, high, mission'],
    [{ ...full, devices: [device, device] }, 'devices.1.name is "web-1": is taken by devices.0.name'],
    [{ ...full, policies: [] }, 'policies needs one entry: nothing is patched without a policy'],
    [{ ...full, people: [] }, 'people needs one entry: somebody has to approve'],
    [inPolicy({ windows: [] }), 'policies.0.windows needs one entry: nothing is installed outside a window'],
    [
      inPolicy({ concurrency: '110%' }),
      'policies.0.concurrency is "110%": must be a number of devices such as 5, or a percentage',
    ],
    [inPolicy({ concurrency: 0 }), 'policies.0.concurrency is 0'],
    [inPolicy({ errorBudget: -1 }), 'policies.0.errorBudget is -1'],
    [inPolicy({ digest: { hour: 24 } }), 'policies.0.digest.hour is 24: must be a whole number of hours from 0 to 23'],
    [
      inPolicy({ digest: 'never' }),
      'policies.0.digest is "never": must be off, or an hour of the day such as { hour: 9, zone: Europe/Madrid }',
    ],
    [
      inPolicy({ digest: { hour: 9, zone: 'Europe/Madird' } }),
      'policies.0.digest.zone is "Europe/Madird": must be an IANA time zone such as Europe/Madrid',
    ],
    [inPolicy({ rollbackOnFailure: 'no' }), 'policies.0.rollbackOnFailure is "no": must be true or false'],
    [
      inPolicy({ reboot: 'maybe' }),
      'policies.0.reboot is "maybe": must be one of never, if-required, always, next-window',
    ],
    [
      inPolicy({ deferrals: { deadlineDays: 9.5 } }),
      'policies.0.deferrals.deadlineDays is 9.5: must be a whole number of days',
    ],
    [
      inWindow({ zone: 'Europe/Madird' }),
      'policies.0.windows.0.zone is "Europe/Madird": must be an IANA time zone such as Europe/Madrid',
    ],
    [inWindow({ zone: '+02:00' }), 'policies.0.windows.0.zone is "+02:00": must be an IANA time zone'],
    [inWindow({ zone: undefined }), 'policies.0.windows.0.zone is missing: must be an IANA time zone'],
    [
      inWindow({ cron: '0 3 * FEB MON#5' }),
      'policies.0.windows.0.cron is "0 3 * FEB MON#5": never comes in the next five years',
    ],
    [
      inWindow({ cron: '0 3 1-7 * TUE' }),
      'policies.0.windows.0.cron is "0 3 1-7 * TUE": sets a day of the month and a weekday',
    ],
    [inWindow({ durationMinutes: 1441 }), 'policies.0.windows.0.durationMinutes is 1441'],
    [
      inWindow({ cutoffMinutes: 180 }),
      'policies.0.windows.0.cutoffMinutes is 180: must be less than durationMinutes (180)',
    ],
    [
      inChat({ guild: 123456789012345680 }),
      'chat.discord.guild is 123456789012345680: must be the id of your server, 17 to 20 digits in quotes',
    ],
    [inPeople({ id: 'kim' }), 'people.1.id is "kim": is taken by people.0.id'],
    [
      inPeople({ roles: ['boss'] }),
      'people.1.roles.0 is "boss": must be one of viewer, approver, operator, oncall, freeze, admin',
    ],
    [inPeople({ accounts: { slack: 'U0123' } }), 'people.1.accounts.slack is "U0123": must be workspace/member'],
    [
      { ...full, credentials: [{ name: 'fleet-key', kind: 'token' }] },
      'credentials.0.kind is "token": must be one of key, agent, password',
    ],
    [
      { ...full, credentials: [{ name: 'fleet-key', kind: 'key' }] },
      'credentials.0.key is missing: must be a private key: give keyFile',
    ],
    [
      { ...full, credentials: [{ name: 'fleet-key', kind: 'agent' }] },
      "credentials.0.socket is missing: must be the path of the agent's socket",
    ],
  ])('%#: %j', (raw, sentence) => {
    expect(said(raw).map((line) => line.slice(0, sentence.length))).toContain(sentence);
  });
  it('an account belongs to one person', () => {
    const accounts = { slack: 'T0123/U0123' };
    const people = ['kim', 'riley'].map((id) => ({ id, name: id, zone: 'UTC', accounts }));
    expect(said({ ...full, people })).toEqual([
      'people.1.accounts.slack is "T0123/U0123": is taken by people.0.accounts.slack',
    ]);
  });
  it('a key is tried with its passphrase, and a public key is called by its name', () => {
    const locked = keyPair('open sesame');
    const tried = (field: object) => said({ ...full, credentials: [{ name: 'fleet-key', kind: 'key', ...field }] });
    expect(tried({ key: locked.private, passphrase: 'open sesame' })).toEqual([]);
    expect(tried({ key: locked.private })[0]).toContain('give passphraseFile too');
    expect(tried({ key: locked.private, passphrase: 'wrong' })[0]).toContain('the passphrase must be right');
    expect(tried({ key: locked.public })[0]).toContain('is a public key: give the private one');
  });
  it.each(['US/Eastern', 'Asia/Calcutta', 'America/Argentina/Buenos_Aires', 'Etc/UTC', 'UTC'])(
    '%s is a zone',
    (zone) => {
      expect(said(inWindow({ zone }))).toEqual([]);
    },
  );
  it.each(['2001:db8::1', '192.0.2.1', 'web-1', 'web_1.example.org', 'xn--bcher-kva.example'])(
    '%s is an address',
    (address) => {
      expect(said(inDevice({ address }))).toEqual([]);
    },
  );
});
