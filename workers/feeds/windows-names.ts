/** Microsoft's product names as releases: which are systems, and how an inventory calls them. */

const systems: readonly (readonly [RegExp, (...parts: (string | undefined)[]) => string])[] = [
  [
    /^windows server (\d{4})( r2)?(?:, (\d\dh\d) edition)?$/,
    (year, r2, edition) => ['server', year, r2 && 'r2', edition].filter(Boolean).join('-'),
  ],
  [/^windows server,? version (\d{4}|\d\dh\d)$/, (version) => `server-${version}`],
  [/^windows (10|11) version (\d{4}|\d\dh\d)$/, (major, version) => `${major}-${version}`],
  // The first versions of both had none in their names.
  [/^windows 10$/, () => '10-1507'],
  [/^windows 11$/, () => '11-21h2'],
  [/^windows (7|8|8\.1|rt 8\.1)$/, (name) => (name ?? '').replace(' ', '-')],
];

/**
 * `Windows Server 2022 (Server Core installation)` is `windows:server-2022`, `Windows 11 Version 23H2 for x64-based Systems` is
 * `windows:11-23h2`. null for products that are no Windows: they run on it.
 */
export function systemOf(product: string): string | null {
  const name = product
    .toLowerCase()
    .replace(/\s*\([^)]*\)/g, '') // Server Core, Hotpatch
    .replace(/ datacenter: azure edition/, '')
    .replace(/ for (32-bit|x64-based|arm64-based|itanium-based|x86-based|64-based) systems/, '')
    .replace(/ service pack \d/, '')
    .replace(/\s+/g, ' ')
    .trim();
  for (const [form, write] of systems) {
    const parts = form.exec(name);
    if (parts) return `windows:${write(...parts.slice(1))}`;
  }
  return null;
}

/** The release of a product that runs on any Windows: `.NET 8.0` is `windows:net-8.0`. */
export const productRelease = (product: string): string =>
  `windows:${product
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')}`;
