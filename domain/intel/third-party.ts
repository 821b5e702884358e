/** Who makes a patch: the distribution, or somebody whose archive was added to the device. Pure. */

/** Labels of the distributions' own archives, as Release files write them, in lower case. */
const own: Readonly<Record<string, readonly string[]>> = {
  debian: ['debian', 'debian-security', 'debian backports', 'debian stable updates'],
  ubuntu: ['ubuntu', 'ubuntuesm', 'ubuntuesmapps', 'ubuntuesmapps-security', 'ubuntuesm-security', 'ubuntufips'],
};

const labelOf = (origin: string): string => (origin.split(':')[0] ?? '').trim();

/**
 * The label of the archive when no archive of the distribution offers the patch, such as `Google LLC`; null when one does, and when
 * no archive says who it is. `origins` as the package manager prints them: `label:version/archive`.
 */
export function thirdPartyOf(platform: string, origins: readonly string[]): string | null {
  const id = platform.split(':')[0] ?? '';
  const known = own[id] ?? [id];
  const labels = origins.map(labelOf).filter((label) => label !== '');
  if (labels.some((label) => known.includes(label.toLowerCase()))) return null;
  return labels[0] ?? null;
}
