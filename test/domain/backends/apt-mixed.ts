/** A device on which everything is the case at once that a scan must tell apart. `test/fixtures/apt/scan.txt` is a scan of it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type AptRoot, makeAptRoot, runProgram } from '../../../demo/apt-root.ts';
import { buildRepository, type DemoPackage } from '../../../demo/repository.ts';

/** Multi-Arch: same, so that both architectures can be installed. */
const library = (version: string, architecture: string): DemoPackage => ({
  name: 'acme-lib',
  version,
  architecture,
  control: { 'Multi-Arch': 'same', Source: 'acme-libs' },
});

const installed = (native: string, foreign: string): readonly DemoPackage[] => [
  library('1:1.0-1', native),
  library('1:1.0-1', foreign),
  { name: 'acme-held', version: '1.0' },
  { name: 'acme-phased', version: '1.0' },
  { name: 'acme-stuck', version: '1.0' },
  { name: 'acme-pinned', version: '1.0' },
  { name: 'acme-nmu', version: '1.0-1+b1', control: { Source: 'acme-nmu (1.0-1)' } },
  { name: 'acme-loser', version: '1.0' },
  { name: 'acme-winner', version: '1.0' },
  { name: 'acme-grows', version: '1.0' },
  { name: 'acme-gone', version: '1.0', files: { 'etc/gone.conf': 'x\n' }, conffiles: ['/etc/gone.conf'] },
  { name: 'acme-broken', version: '1.0', postinst: '#!/bin/sh\nexit 1\n' },
];

const updates = (native: string, foreign: string): readonly DemoPackage[] => [
  library('1:1.0-2', native),
  library('1:1.0-2', foreign),
  { name: 'acme-held', version: '1.1' },
  { name: 'acme-phased', version: '1.1', control: { 'Phased-Update-Percentage': '0' } },
  { name: 'acme-stuck', version: '1.1', control: { Depends: 'acme-not-there' } },
  { name: 'acme-pinned', version: '1.1' },
  { name: 'acme-nmu', version: '1.0-2+b3', control: { Source: 'acme-nmu (1.0-2)' } },
  {
    name: 'acme-winner',
    version: '1.1',
    control: { Conflicts: 'acme-loser', Provides: 'acme-loser', Replaces: 'acme-loser' },
  },
  { name: 'acme-grows', version: '1.1', control: { Depends: 'acme-seed' } },
  { name: 'acme-seed', version: '1.0' },
];

/** Made after the client's own output; the second kernel is installed and not running. */
const livepatch = JSON.stringify({
  'Client-Version': '10.8.3',
  Status: [
    {
      Kernel: '6.1.0-18',
      Running: true,
      Livepatch: {
        State: 'applied',
        Fixes: [
          { Name: 'cve-2023-31436', Patched: true },
          { Name: 'CVE-2023-34319', Patched: true },
          { Name: 'cve-2023-40000', Patched: false },
          { Name: 'lp-1234', Patched: true },
        ],
      },
    },
    { Running: false, Livepatch: { State: 'applied', Fixes: [{ Name: 'cve-2023-1', Patched: true }] } },
  ],
});

/** What else the device has to say. The programs are stand-ins that print what the real ones print. */
const files: Readonly<Record<string, string>> = {
  'etc/machine-id': '0123456789abcdef0123456789abcdef\n',
  'etc/apt/preferences.d/pin': 'Package: acme-pinned\nPin: version 1.0\nPin-Priority: 1001\n',
  'proc/version': 'Linux version 6.1.0-18-amd64 (a@example.com) (gcc 12) #1 SMP Debian 6.1.76-1 (2024-02-01)\n',
  'proc/sys/kernel/osrelease': '6.1.0-18-amd64\n',
  'proc/sys/kernel/random/boot_id': '11111111-2222-4333-8444-555555555555\n',
  'boot/vmlinuz-6.1.0-18-amd64': '',
  'boot/vmlinuz-6.1.0-9-amd64': '',
  'boot/vmlinuz-6.1.0-21-amd64': '',
  'boot/vmlinuz-6.1.0-22-cloud-amd64': '',
  'boot/vmlinuz-6.9.0-homemade-amd64': '',
  'var/lib/dpkg/info/linux-image-6.1.0-18-amd64.list': '',
  'var/lib/dpkg/info/linux-image-6.1.0-9-amd64.list': '',
  'var/lib/dpkg/info/linux-image-6.1.0-21-amd64.list': '',
  'var/lib/dpkg/info/linux-image-6.1.0-22-cloud-amd64.list': '',
  'run/reboot-required': '*** System restart required ***\n',
  'run/reboot-required.pkgs': 'libc6\ndbus\nlibc6\n',
  'run/systemd/system/.keep': '',
  'usr/bin/systemctl': '#!/bin/sh\necho "acme-web.service loaded failed failed The Acme web server"\n',
  'usr/sbin/needrestart': '#!/bin/sh\necho "NEEDRESTART-VER: 3.6"\necho "NEEDRESTART-SVC: ssh.service"\n',
  'snap/bin/canonical-livepatch': `#!/bin/sh\ncat <<'END'\n${livepatch}\nEND\n`,
  'etc/patchherd/health.d/good': '#!/bin/sh\nexit 0\n',
  'etc/patchherd/health.d/bad': '#!/bin/sh\necho noise\necho more >&2\nexit 3\n',
  'etc/patchherd/health.d/README': 'not a program\n',
};

async function must(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const { code, stdout, stderr } = await runProgram(argv, env);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  return stdout;
}

/** Makes it in `dir`. `foreign` is another architecture than this machine's. */
export async function makeMixedRoot(dir: string): Promise<{ root: AptRoot; native: string; foreign: string }> {
  const native = (await must(['dpkg', '--print-architecture'], { PATH: '/usr/bin' })).trim();
  const foreign = native === 'i386' ? 'amd64' : 'i386';
  const acme = (suite: string, label = 'Acme') => ({ label, suite });
  const first = await buildRepository(join(dir, 'first'), installed(native, foreign), acme('acme'));
  const second = await buildRepository(join(dir, 'updates'), updates(native, foreign), acme('acme-updates'));
  // The same version twice, the security archive second: both count.
  const [libraries] = [updates(native, foreign).filter(({ name }) => name === 'acme-lib')];
  const security = await buildRepository(join(dir, 'security'), libraries, acme('acme-security', 'Acme-Security'));

  const root = await makeAptRoot(join(dir, 'device'), { repositories: [] });
  await must(['dpkg', '--add-architecture', foreign], root.env);
  await root.useRepositories([first]);
  const whole = installed(native, foreign).filter(({ name }) => name !== 'acme-broken' && name !== 'acme-lib');
  await root.install([...whole.map(({ name }) => name), 'acme-lib', `acme-lib:${foreign}`]);
  await must(['apt-get', '-qq', '-y', 'remove', 'acme-gone'], root.env);
  await runProgram(['apt-get', '-qq', '-y', 'install', 'acme-broken'], root.env);
  await must(['apt-mark', 'hold', 'acme-held'], root.env);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root.dir, path)), { recursive: true });
    await writeFile(join(root.dir, path), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
  }
  await root.useRepositories([first, second, security]);
  return { root, native, foreign };
}
