/** The made-up Acme packages: what a demo device has at first, and the updates that tell the demo's story. */
import { join } from 'node:path';
import { buildRepository, type DemoPackage } from './repository.ts';

/** Scripts run outside of a private root, so every path starts with DPKG_ROOT, which is empty on a real device. */
const script = (...lines: readonly string[]): string => `#!/bin/sh\nset -e\n${lines.join('\n')}\n`;

const tls = (version: string): readonly DemoPackage[] => [
  { name: 'libacme-tls1', version, control: { Source: 'acme-tls' } },
  { name: 'acme-tls-utils', version, control: { Source: 'acme-tls', Depends: `libacme-tls1 (= ${version})` } },
];

/** `status` is what the health check that comes with acme-web looks at. */
const web = (version: string, status: string): DemoPackage => ({
  name: 'acme-web',
  version,
  files: {
    'usr/share/acme-web/status': `${status}\n`,
    'etc/patchherd/health.d/acme-web': script('grep -qx serving "$DPKG_ROOT/usr/share/acme-web/status"'),
  },
});

const conf = (version: string, greeting: string): DemoPackage => ({
  name: 'acme-conf',
  version,
  files: { 'etc/acme.conf': `greeting = ${greeting}\n` },
  conffiles: ['/etc/acme.conf'],
});

/** What every Acme device starts with. */
export const firstPackages: readonly DemoPackage[] = [
  { name: 'acme-agent', version: '1.0' },
  ...tls('3.0-1'),
  { name: 'acme-db', version: '2.1' },
  web('5.0', 'serving'),
  { name: 'acme-kernel', version: '6.1-1' },
  conf('1.0', 'hello'),
  { name: 'acme-tool', version: '1.0' },
];

/** Ordinary, failing, unhealthy, wanting a reboot, changing a configuration file, needing a new package: in this order. */
export const updatedPackages: readonly DemoPackage[] = [
  { name: 'acme-agent', version: '1.1' },
  { name: 'acme-db', version: '2.2', postinst: script('echo "acme-db: cannot migrate the data" >&2', 'exit 1') },
  web('5.1', 'broken'),
  {
    name: 'acme-kernel',
    version: '6.1-2',
    postinst: script(
      'mkdir -p "$DPKG_ROOT/run"',
      'echo "*** System restart required ***" > "$DPKG_ROOT/run/reboot-required"',
      'echo acme-kernel >> "$DPKG_ROOT/run/reboot-required.pkgs"',
    ),
  },
  conf('1.1', 'good day'),
  { name: 'acme-tool', version: '1.1', control: { Depends: 'acme-new' } },
  { name: 'acme-new', version: '1.0' },
];

/** The security update: one source package, two binaries. */
export const securityPackages: readonly DemoPackage[] = tls('3.0-2');

/** Lines for sources.list. `first` has what devices start with, so that a way back exists. */
export type DemoRepositories = { readonly first: string; readonly updates: string; readonly security: string };

/** Builds the three demo repositories in folders of `dir`, in about a second. */
export async function buildDemoRepositories(dir: string): Promise<DemoRepositories> {
  const [first, updates, security] = await Promise.all([
    buildRepository(join(dir, 'first'), firstPackages, { label: 'Acme', suite: 'acme' }),
    buildRepository(join(dir, 'updates'), updatedPackages, { label: 'Acme', suite: 'acme-updates' }),
    buildRepository(join(dir, 'security'), securityPackages, { label: 'Acme-Security', suite: 'acme-security' }),
  ]);
  return { first, updates, security };
}
