/** What the shell does with devices besides the verbs of the chat: accept a host key, prepare, retire. */

import { readText } from '../../config/files.ts';
import { said, update } from '../../domain/flows/say.ts';
import { backendOf } from '../../domain/flows/scan.ts';
import { deviceByName } from '../../domain/flows/views.ts';
import { type AuditEvent, event } from '../../domain/model/audit.ts';
import type { Device } from '../../domain/model/device.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { Person } from '../../domain/model/people.ts';
import { ok } from '../../domain/model/result.ts';
import type { WorkerWorld } from '../../domain/ports.ts';
import { workerWorld } from '../../workers/main.ts';
import { readHostKey } from '../../workers/remote/host-keys.ts';
import { parseKnownHosts } from '../../workers/remote/known-hosts.ts';
import { prepareDevice } from '../../workers/remote/prepare.ts';
import { deviceFindings } from './doctor-device.ts';
import { refuse } from './exit.ts';
import type { Say, Session } from './session.ts';
import { workerHint } from './worker-hint.ts';

/** The device of this name. Failure `device.unknown`. */
async function find({ base }: Session, name: string): Promise<Device> {
  return (await deviceByName(base.world, name)) ?? refuse({ code: 'device.unknown', name });
}

/** A change that a person made, with its audit event, whose details are the change itself unless others are given. */
export async function change(
  { base }: Session,
  device: Device,
  by: Person,
  what: string,
  next: Partial<Device>,
  details: AuditEvent['details'] = {},
): Promise<void> {
  const at = base.world.clock.now();
  const one = event(at, { id: by.id, name: by.name }, what, device.id, { name: device.name, ...details });
  const gone = { code: 'device.unknown', name: device.name } as const;
  const changed = await update(base.world.devices, device.id, gone, (now) =>
    ok({ next: { ...now, ...next, rev: now.rev + 1 }, said: said(one) }),
  );
  if (!changed.ok) refuse(changed.error);
}

export type KeyChoice = { readonly fingerprint?: string; readonly knownHosts?: string; readonly yes?: boolean };

/**
 * Accepts host keys in place of those accepted before: the one that `fingerprint` names, those of a known_hosts file, or, when `yes` says
 * that somebody compared them, all that are offered. Without any of these it shows what is offered and changes nothing. Failures:
 * `device.unknown`, `device.host-key` (not offered, or not in the file), those of `readHostKey` and `readText`.
 */
export async function acceptKey(
  session: Session,
  name: string,
  by: Person,
  choice: KeyChoice,
  say: Say,
): Promise<void> {
  const device = await find(session, name);
  const keys = choice.knownHosts ? keysIn(choice.knownHosts, device, say) : await offeredBy(device, choice.fingerprint);
  if (!choice.fingerprint && !choice.knownHosts && !choice.yes) return show(device, keys, say);
  if (keys.length === device.hostKeys.length && keys.every((key) => device.hostKeys.includes(key)))
    return say(`${name} has this host key already. Nothing was changed.`);
  await change(session, device, by, 'device.key-accepted', { hostKeys: keys }, { hostKeys: keys.join(', ') });
  say(`Accepted for ${name}:\n${lines(keys)}\nNext: patchherd device prepare ${name}`);
}

const lines = (keys: readonly string[]): string => keys.map((key) => `  ${key}`).join('\n');

function show({ name, address, port, hostKeys }: Device, offered: readonly string[], say: Say): void {
  say(`${name} (${address}:${port}) offers:\n${lines(offered)}`);
  if (hostKeys.some((key) => offered.includes(key))) {
    say('It was accepted before. Nothing has to be done.');
    return;
  }
  if (hostKeys.length > 0) {
    say(`Accepted before was another one:\n${lines(hostKeys)}`);
    say('The device was installed anew, or something else answers in its place: find out which before you accept.');
  }
  const type = /ed25519|ecdsa|rsa/.exec(offered[0] ?? '')?.[0] ?? 'ed25519'; // how sshd names the files
  say(`Compare it on the device's own console. There, this prints the same SHA256:... :
  ssh-keygen -lf /etc/ssh/ssh_host_${type}_key.pub
Nothing is accepted yet. When it is the same, accept it:
  patchherd device accept-key ${name} --fingerprint '${offered[0]}'
or everything that is offered: --yes`);
}

async function offeredBy({ name, address, port }: Device, fingerprint: string | undefined): Promise<readonly string[]> {
  const offered = await readHostKey(address, port);
  if (offered.length === 0)
    throw new Failure('device.host-key', `${name} has no host key of a type that is known here.`);
  if (fingerprint === undefined) return offered;
  const wanted = offered.filter((key) => key === fingerprint || key.endsWith(` ${fingerprint}`));
  if (wanted.length > 0) return wanted;
  const text = `${name} does not offer "${fingerprint}". Nothing was accepted. It offers:\n${lines(offered)}`;
  throw new Failure('device.host-key', text);
}

function keysIn(file: string, { address, port }: Device, say: Say): readonly string[] {
  const { hostKeys, problems } = parseKnownHosts(readText(file), address, port);
  for (const problem of problems) say(problem);
  if (hostKeys.length > 0) return hostKeys;
  throw new Failure(
    'device.host-key',
    `${file} has no key of ${address} port ${port} that can be used. Nothing was accepted.`,
  );
}

/**
 * Installs the root helper and has the device scanned. `password` is for a sudo that asks, for this one time. Failures:
 * `device.unknown`, those of `Devices.open`, and the refusals of `prepareDevice`.
 */
export async function prepare(session: Session, name: string, by: Person, say: Say, password?: string): Promise<void> {
  const device = await find(session, name);
  const world = workerWorld(session.settings, session.base);
  try {
    const report = await prepareDevice(await world.remote.open(device), backendOf(device), device, say, password);
    if (report.kind === 'ready') {
      const { changed, version } = report;
      if (changed.length > 0) await change(session, device, by, 'device.prepared', {}, { helper: version });
      say(`${name} is ready${changed.length > 0 ? `. Changed: ${changed.join(', ')}` : ': nothing had to change'}.`);
    } else {
      const noPassword = report.code === 'prepare.no-root' && password === undefined;
      // The rule that was installed allows the helper, not to install it again.
      if (!noPassword || !(await isReady(world, device)))
        throw new Failure(
          report.code,
          noPassword ? `${report.text}\nWith --ask-password you are asked for it.` : report.text,
        );
      say(`${name} is ready: its root helper is the right one and answers. To install it again, give --ask-password.`);
    }
  } finally {
    await world.remote.close();
  }
  await session.base.world.queue.scan(device.id);
  say('A scan is asked for.');
  await workerHint(session.base, say);
}

const isReady = async (world: WorkerWorld, device: Device): Promise<boolean> =>
  (await deviceFindings(world, device)).every(({ state }) => state !== 'wrong');

/** Takes a device out: it is not scanned or patched any more, its history stays. Failures: `device.unknown`. */
export async function retire(session: Session, name: string, by: Person, say: Say): Promise<void> {
  const device = await find(session, name);
  if (device.retired) return say(`${name} is retired already. Nothing was changed.`);
  await change(session, device, by, 'device.retired', { retired: true });
  say(`${name} is retired. Take it out of the settings too, so that nobody wonders.`);
}
