/** The commands below `patchherd device` that only the shell has. */
import type { Command } from 'commander';
import { criticalities, exposures } from '../../domain/model/device.ts';
import { terminalAsk } from './ask.ts';
import type { KeyChoice } from './devices.ts';
import type { DeviceFlags } from './enrol.ts';
import type { Shell } from './shell.ts';

const devices = () => import('./devices.ts');
const enrol = () => import('./enrol.ts');

/** Adds them. Each is audited with the person who ran it. */
export function addDeviceCommands(program: Command, shell: Shell): void {
  const device = program.command('device').description('Devices: add, accept their host keys, prepare, look, retire');
  addAdd(device, shell);
  device
    .command('import <file>')
    .description('Add or change devices from a YAML file: all of them, or none')
    .action((file: string) =>
      shell.asPerson('admin', async (session) => (await enrol()).importDevices(session, file, shell.say)),
    );
  device
    .command('accept-key <name>')
    .description("Show a device's host key; accept it after you compared it")
    .option('--fingerprint <fingerprint>', 'accept exactly this one, as ssh-keygen -lf prints it (SHA256:...)')
    .option('--known-hosts <file>', 'accept what this known_hosts file says of the device')
    .option('--yes', 'accept everything that is offered now: you have compared it')
    .action((name: string, choice: KeyChoice) =>
      shell.asPerson('admin', async (session, by) => (await devices()).acceptKey(session, name, by, choice, shell.say)),
    );
  device
    .command('prepare <name>')
    .description('Install the root helper and its sudo rule (docs/sudoers.md); safe to repeat')
    .option('--ask-password', 'sudo on the device asks for a password: you are asked for it, it is kept nowhere')
    .action((name: string, { askPassword = false }: { askPassword?: boolean }) =>
      shell.asPerson('admin', async (session, by) => {
        const password = askPassword ? await passwordOf(name) : undefined;
        await (await devices()).prepare(session, name, by, shell.say, password);
      }),
    );
  device
    .command('retire <name>')
    .description('Neither scan nor patch it any more; its history stays')
    .action((name: string) =>
      shell.asPerson('admin', async (session, by) => (await devices()).retire(session, name, by, shell.say)),
    );
}

function addAdd(device: Command, shell: Shell): void {
  device
    .command('add <name>')
    .description('Add a device; what the options mean stands in config/example.yaml, under devices')
    .requiredOption('--address <address>', 'host name or IP address')
    .requiredOption('--user <user>', 'login name')
    .option('--port <port>', 'SSH port (default: 22)')
    .option('--credential <name>', 'one of the credentials in the settings (default: the only one)')
    .option('--become <how>', 'how root is reached: sudo, or none when the user is root (default: sudo)')
    .option('--host-keys <fingerprint...>', 'accepted host keys, such as "ssh-ed25519 SHA256:..."')
    .option('--groups <group...>', 'groups that policies select by')
    .option('--criticality <word>', criticalities.join(', '))
    .option('--exposure <word>', exposures.join(', '))
    .option('--ownership <word>', 'company, personal (default: company)')
    .option('--owner <person>', 'id of one of the people')
    .option('--zone <zone>', 'IANA time zone (default: UTC)')
    .option('--cluster <key...>', 'never two devices of one cluster key at once')
    .action((name: string, flags: DeviceFlags) =>
      shell.asPerson('admin', async (session, by) => {
        const { addDevice } = await enrol();
        await addDevice(session, name, process.stdin.isTTY ? await weighed(name, flags) : flags, by, shell.say);
      }),
    );
}

/** What decides how soon its patches are due is asked for; an empty answer leaves it open, and every card will say "assumed". */
async function weighed(name: string, flags: DeviceFlags): Promise<DeviceFlags> {
  const { ask, close } = terminalAsk(process.stdin, process.stderr);
  const answer = async (key: string, question: string) => flags[key] ?? ((await ask(question)) || undefined);
  try {
    const exposure = await answer('exposure', `Who can reach ${name} (${exposures.join(', ')})? `);
    const criticality = await answer('criticality', `How much depends on it (${criticalities.join(', ')})? `);
    return { ...flags, ...(exposure && { exposure }), ...(criticality && { criticality }) };
  } finally {
    close();
  }
}

async function passwordOf(name: string): Promise<string> {
  const { ask, close } = terminalAsk(process.stdin, process.stderr);
  return ask(`Password for sudo on ${name}: `, { secret: true }).finally(close);
}
