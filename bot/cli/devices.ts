/** The set-up side of devices in a shell: add, import, accept a host key, prepare, retire. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { readText, readYaml } from '../../config/files.ts';
import { deviceSeeds } from '../../config/records.ts';
import { readSettings } from '../../config/settings.ts';
import { enrol } from '../../domain/flows/enrol.ts';
import { said, update } from '../../domain/flows/say.ts';
import { backendOf } from '../../domain/flows/scan.ts';
import { deviceByName } from '../../domain/flows/views.ts';
import { event } from '../../domain/model/audit.ts';
import type { Device } from '../../domain/model/device.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { Person } from '../../domain/model/people.ts';
import { ok } from '../../domain/model/result.ts';
import { workerWorld } from '../../workers/main.ts';
import { readHostKey } from '../../workers/remote/host-keys.ts';
import { parseKnownHosts } from '../../workers/remote/known-hosts.ts';
import { prepareDevice } from '../../workers/remote/prepare.ts';
import type { Say, Session } from './session.ts';

async function find({ base }: Session, name: string): Promise<Device> {
  const device = await deviceByName(base.world, name);
  if (!device)
    throw new Failure('device.unknown', `I do not know a device named "${name}": patchherd device list shows all.`);
  return device;
}

/** A change that a person made, with its audit event. */
async function change(
  { base }: Session,
  device: Device,
  by: Person,
  what: string,
  next: Partial<Device>,
): Promise<void> {
  const at = base.world.clock.now();
  const details = Object.fromEntries(Object.entries(next).map(([field, value]) => [field, String(value)]));
  await update(base.world.devices, device.id, null, (now) =>
    ok({
      next: { ...now, ...next, rev: now.rev + 1 },
      said: said(event(at, { id: by.id, name: by.name }, what, device.id, details)),
    }),
  );
}

/** Reads devices from a YAML file (`devices:` like in the settings, or a bare list) and enrols all of them, or none. */
export async function importDevices(session: Session, file: string, say: Say): Promise<void> {
  const { raw } = readYaml(readText(file), file);
  const devices = Array.isArray(raw) ? raw : z.object({ devices: z.array(z.unknown()) }).safeParse(raw).data?.devices;
  if (!devices) throw new Failure('settings.invalid', `${file}: must be a list of devices, or have the key devices.`);
  // The settings' own schema judges them, beside the people, policies and credentials that they name.
  const { devices: _old, ...rest } = session.settings;
  const settings = readSettings({ ...structuredClone(rest), devices }, file);
  const { added, changed } = await enrol(session.base.world, deviceSeeds(settings));
  say(`${added} added, ${changed} changed, ${devices.length - added - changed} as they were.`);
}

/**
 * Accepts a host key: one that `fingerprint` names, those of a known_hosts file, or, after showing it, the one that is offered when
 * `yes` says that somebody compared it. Audited. Nothing is accepted silently.
 */
export async function acceptKey(
  session: Session,
  name: string,
  by: Person,
  { fingerprint, knownHosts, yes, say }: { fingerprint?: string; knownHosts?: string; yes?: boolean; say: Say },
): Promise<void> {
  const device = await find(session, name);
  const offered = await keysFor(device, { fingerprint, knownHosts, say });
  if (!fingerprint && !knownHosts && !yes) {
    say(`${name} (${device.address}:${device.port}) offers:\n${offered.map((key) => `  ${key}`).join('\n')}`);
    say(
      'Compare it with "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" on the device, then repeat with --fingerprint or --yes.',
    );
    return;
  }
  await change(session, device, by, 'device.key-accepted', { hostKeys: offered });
  say(`Accepted for ${name}: ${offered.join(', ')}`);
}

async function keysFor(
  device: Device,
  { fingerprint, knownHosts, say }: { fingerprint?: string | undefined; knownHosts?: string | undefined; say: Say },
): Promise<readonly string[]> {
  if (knownHosts) {
    const { hostKeys, problems } = parseKnownHosts(await readFile(knownHosts, 'utf8'), device.address, device.port);
    for (const problem of problems) say(problem);
    if (hostKeys.length > 0) return hostKeys;
    throw new Failure('device.host-key', `${knownHosts} has no key for ${device.address} port ${device.port}.`);
  }
  const offered = await readHostKey(device.address, device.port);
  const wanted = fingerprint
    ? offered.filter((key) => key === fingerprint || key.endsWith(` ${fingerprint}`))
    : offered;
  if (wanted.length > 0) return wanted;
  const text = `${device.name} does not offer ${fingerprint ?? 'a key'}; it offers ${offered.join(', ') || 'nothing'}. Nothing was accepted.`;
  throw new Failure('device.host-key', text);
}

/** Installs the root helper. `password` is for a sudo that asks, for this one time. */
export async function prepare(session: Session, name: string, say: Say, password?: string): Promise<void> {
  const device = await find(session, name);
  const world = workerWorld(session.settings, session.base);
  try {
    const report = await prepareDevice(await world.remote.open(device), backendOf(device), device, say, password);
    if (report.kind === 'refused') throw new Failure(report.code, report.text);
    say(
      `${name}: ready${report.changed.length > 0 ? `, changed ${report.changed.join(', ')}` : ', nothing had to change'}.`,
    );
  } finally {
    await world.remote.close();
  }
}

/** Takes a device out: it is not scanned or patched any more, its history stays. */
export async function retire(session: Session, name: string, by: Person, say: Say): Promise<void> {
  await change(session, await find(session, name), by, 'device.retired', { retired: true });
  say(`${name} is retired. Take it out of the settings too, so that nobody wonders.`);
}
