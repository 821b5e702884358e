/** Until when a device's system gets fixes at all: a patch that nobody makes any more is never missing. */
import type { DeviceFacts } from '../model/device.ts';
import type { Lifecycle } from '../model/lifecycle.ts';
import type { World } from '../ports.ts';

/** endoflife.date's names of what os-release calls otherwise. */
const products: Readonly<Record<string, string>> = {
  rocky: 'rocky-linux',
  amzn: 'amazon-linux',
  ol: 'oracle-linux',
  alpine: 'alpine-linux',
  'opensuse-leap': 'opensuse',
};

/** The cycle of a system: `12` for 12, `24.04` for 24.04, `9` for 9.4; null when endoflife.date does not know it. */
export async function lifecycleOf(
  { lifecycles }: Pick<World, 'lifecycles'>,
  os: DeviceFacts['os'],
): Promise<Lifecycle | null> {
  const cycles = await lifecycles.of(products[os.id] ?? os.id);
  const parts = os.version.split('.');
  const names = parts.map((_, at) => parts.slice(0, parts.length - at).join('.'));
  return names.flatMap((name) => cycles.find(({ cycle }) => cycle === name) ?? [])[0] ?? null;
}

/** How people read it: `until 2026-06-10`, `ended on 2024-06-30`; null when no date is known. `at` is now. */
export function supportWords(lifecycle: Lifecycle | null, at: Date): string | null {
  if (!lifecycle?.eol) return null;
  return lifecycle.eol < at.toISOString().slice(0, 10) ? `ended on ${lifecycle.eol}` : `until ${lifecycle.eol}`;
}
