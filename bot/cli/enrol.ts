/** Devices that come in through the shell: one by flags, many from a file. The settings' own schema judges both. */
import { readText, readYaml } from '../../config/files.ts';
import { deviceSeeds } from '../../config/records.ts';
import { isBlock } from '../../config/secrets.ts';
import { problemsIn, readSettings, type Settings } from '../../config/settings.ts';
import { enrol } from '../../domain/flows/enrol.ts';
import { deviceByName } from '../../domain/flows/views.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { Person } from '../../domain/model/people.ts';
import { change } from './devices.ts';
import { refuse } from './exit.ts';
import type { Say, Session } from './session.ts';

/** The settings with these devices in place of their own: what they name (people, policies, credentials) is judged with them. */
const withDevices = ({ devices: _own, ...rest }: Settings, devices: readonly unknown[]) => ({
  ...structuredClone(rest),
  devices,
});

/** Reads devices from a YAML file (`devices:` like in the settings, or a bare list) and enrols all of them, or none. Failures: `settings.*`. */
export async function importDevices(session: Session, file: string, say: Say): Promise<void> {
  const { raw, lineOf } = readYaml(readText(file), file);
  const devices = isBlock(raw) ? raw['devices'] : raw;
  if (!Array.isArray(devices))
    throw new Failure('settings.invalid', `${file}: must be a list of devices, or have the key devices with one.`);
  const at = (path: string) => lineOf(isBlock(raw) ? path : path.replace(/^devices\./, ''));
  const settings = readSettings(withDevices(session.settings, devices), file, [], at);
  const { added, changed } = await enrol(session.base.world, deviceSeeds(settings));
  say(`${added} added, ${changed} changed, ${devices.length - added - changed} as they were.`);
  if (added > 0) say('Next, for each new one: patchherd device accept-key <name>');
}

/** What flags say of a device, all as text; the keys are those of the settings. */
export type DeviceFlags = Readonly<Record<string, string | string[] | undefined>>;

/** The flag of a setting: `hostKeys` is `--host-keys`. */
const flagOf = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/**
 * Adds one device. A retired one of this name comes back with its new description. Without `credential` it is the only one of the
 * settings. Failures: `device.exists`, `settings.invalid` with every problem by its flag.
 */
export async function addDevice(
  session: Session,
  name: string,
  flags: DeviceFlags,
  by: Person,
  say: Say,
): Promise<void> {
  const { settings, base } = session;
  const [only, ...others] = settings.credentials;
  const credential = only && others.length === 0 ? { credential: only.name } : {};
  const port = typeof flags['port'] === 'string' && /^\d+$/.test(flags['port']) ? { port: Number(flags['port']) } : {};
  const raw = withDevices(settings, [{ name, ...credential, ...flags, ...port }]);
  const problems = problemsIn(raw).map(({ path, message }) => {
    const key = path.replace(/^devices\.0\.?/, '').split('.')[0] ?? '';
    return `  ${!path.startsWith('devices') ? path : key === 'name' ? 'the name' : flagOf(key)} ${message}`;
  });
  if (problems.length > 0)
    throw new Failure('settings.invalid', `${name} was not added: ${problems.length} to fix\n${problems.join('\n')}`);
  const known = await deviceByName(base.world, name);
  if (known && !known.retired) refuse({ code: 'device.exists', name });
  await enrol(base.world, deviceSeeds(readSettings(raw, name)));
  if (known) await change(session, known, by, 'device.returned', { retired: false });
  say(`${name} ${known ? 'is back' : 'is added'}. Next: patchherd device accept-key ${name}`);
  const assumed = [
    ...(flags['exposure'] ? [] : ['as reachable from the internet (--exposure)']),
    ...(flags['criticality'] ? [] : ['as of normal criticality (--criticality)']),
  ];
  if (assumed.length > 0) say(`Until somebody says otherwise it counts ${assumed.join(' and ')}.`);
}
