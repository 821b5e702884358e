/** Records in OSV form of our own making. */

/** A range that begins with the first version. */
export const range = (...events: readonly object[]) => [
  { type: 'ECOSYSTEM', events: [{ introduced: '0' }, ...events] },
];
/** A package that one version fixes. */
export const entry = (ecosystem: string, name: string, fixed: string) => ({
  package: { ecosystem, name },
  ranges: range({ fixed }),
});
/** A whole record of AlmaLinux. */
export const record = {
  id: 'ALSA-2026:0001',
  modified: '2026-08-01T10:00:00Z',
  published: '2026-07-31T00:00:00Z',
  summary: 'Important: curl security update',
  details: 'Fixes a fault.',
  related: ['CVE-2026-0001'],
  affected: [entry('AlmaLinux:9', 'curl', '7.76.1-29.el9')],
};
