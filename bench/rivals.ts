/** The other tools: how each is called for the same devices, and on how many of them it succeeded. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { missingPrograms } from '../demo/repository.ts';
import type { FleetDevice } from '../test/fleet/device.ts';
import { type Metered, makeMeter } from './meter.ts';

export type RivalRun = Metered & { readonly succeeded: number };
export type Rival = { readonly name: string; run(): Promise<RivalRun> };
export type RivalParts = {
  /** For their files; made when it is not there. */
  readonly dir: string;
  readonly devices: readonly FleetDevice[];
  /** OpenSSH PEM text. */
  readonly privateKey: string;
  readonly atOnce: number;
  /** Our own scan's work as shell scripts; the output of each has `ends` lines that start with `#patchherd end`. */
  readonly scripts: readonly { readonly name: string; readonly text: string; readonly ends: number }[];
};

/** What an administrator would ask for without us. */
const simulateUpgrade = ['apt-get', '-s', '-o', 'Debug::NoLocking=1', 'upgrade'].join(' ');

/** Which of the tools are not here, as a sentence; null when all are. */
export function rivalsRefusal(): string | null {
  const missing = missingPrograms(['parallel-ssh', 'ansible', 'ssh', 'python3']);
  if (missing.length === 0) return null;
  return `${missing.join(', ')} cannot be found: apt-get install pssh ansible-core openssh-client`;
}

/** Makes the tools' files and gives the tools in the order in which they should run. */
export async function rivals(parts: RivalParts): Promise<readonly Rival[]> {
  const { dir, scripts } = parts;
  await mkdir(dir, { recursive: true });
  await writeFile(path.join(dir, 'key'), parts.privateKey, { mode: 0o600 });
  const [pssh, ansible] = [await parallelSsh(parts), await ansibleAdHoc(parts)];
  return [
    ...scripts.map(({ name, text, ends }) => ({ name: `pssh, ${name}`, run: () => pssh('sh', { stdin: text, ends }) })),
    { name: 'pssh, apt-get -s', run: () => pssh(simulateUpgrade, { stdin: '', ends: 0 }) },
    { name: 'ansible command', run: () => ansible('-m', 'command', '-a', simulateUpgrade) },
    { name: 'ansible apt', run: () => ansible('-m', 'apt', '-a', 'upgrade=yes', '--check') },
  ];
}

/** Host keys are taken as they come, which is less work than our check; no settings of this machine's user count. */
const sshOptions = (dir: string): readonly string[] => [
  'StrictHostKeyChecking=no',
  'UserKnownHostsFile=/dev/null',
  'LogLevel=ERROR',
  'IdentitiesOnly=yes',
  `IdentityFile=${path.join(dir, 'key')}`,
];

async function parallelSsh({ dir, devices, atOnce }: RivalParts) {
  const [hosts, out] = [path.join(dir, 'hosts'), path.join(dir, 'out')];
  await writeFile(hosts, devices.map(({ address, port, user }) => `${user}@${address}:${port}\n`).join(''));
  const options = sshOptions(dir).flatMap((option) => ['-O', option]);
  return async (command: string, { stdin, ends }: { stdin: string; ends: number }): Promise<RivalRun> => {
    await rm(out, { recursive: true, force: true });
    const input = stdin === '' ? [] : ['-I'];
    const argv = ['-p', String(atOnce), '-t', '0', '-h', hosts, '-o', out, ...input, ...options, command];
    const metered = await (await makeMeter(dir))(['parallel-ssh', ...argv], { stdin });
    const said = metered.said.match(/\[SUCCESS\]/g)?.length ?? 0;
    const files = await Promise.all((await readdir(out)).map((file) => readFile(path.join(out, file), 'utf8')));
    const whole = files.filter((text) => (text.match(/^#patchherd end/gm)?.length ?? 0) === ends && text !== '');
    return { ...metered, succeeded: Math.min(said, whole.length) };
  };
}

async function ansibleAdHoc({ dir, devices, atOnce }: RivalParts) {
  const [inventory, config] = [path.join(dir, 'inventory'), path.join(dir, 'ansible.cfg')];
  const lines = devices.map(
    ({ name, address, port, user }) => `${name} ansible_host=${address} ansible_port=${port} ansible_user=${user}\n`,
  );
  await writeFile(inventory, `[all]\n${lines.join('')}[all:vars]\nansible_python_interpreter=/usr/bin/python3\n`);
  await writeFile(config, `[defaults]\nlocal_tmp = ${path.join(dir, 'ansible')}\nhost_key_checking = False\n`);
  const options = sshOptions(dir).map((option) => `-o ${option}`);
  // Its own default of a shared, lasting connection per device stays as it is; only the place of the sockets is ours.
  const masters = `-C -o ControlMaster=auto -o ControlPersist=60s ${options.join(' ')}`;
  const env = { ANSIBLE_CONFIG: config, ANSIBLE_SSH_ARGS: masters, ANSIBLE_SSH_CONTROL_PATH_DIR: path.join(dir, 'cp') };
  return async (...args: readonly string[]): Promise<RivalRun> => {
    // An ad hoc run gathers no facts.
    const argv = ['ansible', 'all', '-i', inventory, '-f', String(atOnce), '-o', ...args];
    const metered = await (await makeMeter(dir))(argv, { env });
    return { ...metered, succeeded: metered.said.match(/ \| (?:SUCCESS|CHANGED)/g)?.length ?? 0 };
  };
}
