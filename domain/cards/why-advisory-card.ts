/** Whether an advisory or a CVE concerns a device, entry by entry, each with its reason in plain words. */
import type { Explained } from '../intel/match.ts';
import type { MatchReason } from '../intel/standing.ts';
import type { Advisory } from '../model/advisory.ts';
import type { Device } from '../model/device.ts';
import type { Finding } from '../model/finding.ts';
import type { Card, Text, Tone } from './card.ts';
import { fact, type PatchStanding, packagesText, standingOf } from './catalog-words.ts';
import { count } from './words.ts';

export type WhyAdvisory = {
  readonly device: Device;
  /** The advisory or CVE that was asked for. */
  readonly subject: string;
  readonly release: string;
  /** Each advisory, its entries with reasons, and what the last matching found of it. */
  readonly all: readonly {
    readonly advisory: Advisory;
    readonly entries: readonly Explained[];
    readonly found: readonly Finding[];
  }[];
  /** CVEs of it that its vendor calls harmless for a package of this device (VEX), by package. */
  readonly cleared: ReadonlyMap<string, ReadonlySet<string>>;
  readonly patches: readonly PatchStanding[];
};

type One = WhyAdvisory['all'][number];
const listed = 12;
const open: readonly MatchReason[] = ['vulnerable', 'no-fix-yet'];
const unsure: readonly MatchReason[] = ['undecided', 'unreadable-version', 'half-installed'];

/** What counts is what matching found: it knows what other bulletins of the vendor say. The entries tell why. */
export function whyAdvisoryCard(view: WhyAdvisory): Card {
  const { device, subject, release, all, patches } = view;
  const { status, tone } = conclusion(all);
  const several = all.length > 1;
  const items = all.flatMap((one) =>
    linesOf(view, one).map((text) => (several ? `${one.advisory.id} (${one.advisory.feed}): ${text}` : text)),
  );
  return {
    title: `${device.name}: ${subject}`,
    tone,
    status,
    facts: [
      { label: 'Release', value: release },
      ...fact(
        'Patches',
        patches.map((one) => `${one.patch.source} ${one.patch.version}: ${standingOf(one)}`).join('; '),
      ),
      ...fact('Last scan', device.facts && ([{ at: device.facts.scannedAt.getTime() }] as Text)),
    ],
    list: { title: 'Why', items: items.slice(0, listed), more: Math.max(0, items.length - listed) },
    buttons: [],
  };
}

function conclusion(all: readonly One[]): { status: string; tone: Tone } {
  const found = all.flatMap((one) => one.found);
  if (found.some(({ verdict }) => verdict === 'vulnerable')) return { status: 'Open to it', tone: 'warn' };
  if (found.some(({ verdict }) => verdict === 'mitigated'))
    return { status: 'Covered by a livepatch until the next reboot', tone: 'plain' };
  if (found.length > 0) return { status: 'Nobody can say', tone: 'warn' };
  const fixed = all.some(({ entries }) => entries.some(({ reason }) => reason === 'fixed'));
  return { status: fixed ? 'Not open to it: fixed' : 'It does not concern this device', tone: 'plain' };
}

/** Entries that speak of what is installed one by one; the others in one line for each reason. */
function linesOf(view: WhyAdvisory, { advisory, entries, found }: One): readonly string[] {
  const near = entries.filter(({ reason }) => !far.includes(reason));
  const rest = far.flatMap((reason) => {
    const those = entries.filter((one) => one.reason === reason);
    return those.length > 0 ? [farText(reason, those)] : [];
  });
  const lines = near.map((one) => {
    const { affected, reason, installed } = one;
    const isFound = found.some((finding) => finding.package === affected.package);
    const says = [...open, ...unsure].includes(reason) && !isFound ? clearedText(view, advisory, one) : null;
    return `${affected.package}${installed ? ` ${installed}` : ''}: ${says ?? nearText(one)}`;
  });
  return [...new Set([...lines, ...rest])];
}

const far: readonly MatchReason[] = ['not-installed', 'other-release', 'withdrawn'];

function farText(reason: MatchReason, entries: readonly Explained[]): string {
  const packages = packagesText(entries.map(({ affected }) => affected.package));
  const releases = [...new Set(entries.map(({ affected }) => affected.release))];
  if (reason === 'not-installed') return `not installed: ${packages}`;
  if (reason === 'withdrawn') return 'its vendor has withdrawn it';
  return `${count(entries.length, 'entry', 'entries')} for other releases: ${packagesText(releases)}`;
}

function nearText({ affected: { fixed, introduced, requires, module }, reason }: Explained): string {
  const pro = requires === 'ubuntu-pro' ? ', which needs Ubuntu Pro' : '';
  const words: Partial<Record<MatchReason, string>> = {
    vulnerable: `open, fixed in ${fixed}${pro}`,
    'no-fix-yet': 'open, there is no fix yet',
    livepatched: `covered by a livepatch until the next reboot, fixed in ${fixed}`,
    fixed: `fixed since ${fixed}`,
    'not-affected': 'the vendor says that this release is not affected (VEX)',
    'not-yet-introduced': `older than ${introduced}, which brought the fault`,
    'other-module-stream': module
      ? `for the module stream ${module}, which is not enabled`
      : 'for another module stream',
    undecided: 'the vendor has not decided, or does not say which module stream its fix is for',
    'unreadable-version': `nobody can compare this version with ${fixed ?? introduced}`,
    'half-installed': 'half installed: its version is a wish, not a fact',
  };
  return words[reason] ?? reason;
}

/** The entry reads as open, matching did not find it: another bulletin of the vendor speaks for it, or it is newer than the matching. */
function clearedText({ cleared }: WhyAdvisory, { cves }: Advisory, { affected }: Explained): string {
  const harmless = cleared.get(affected.package);
  if (cves.length > 0 && cves.every((cve) => harmless?.has(cve)))
    return 'another bulletin of the vendor says that this release is not affected (VEX)';
  return `${affected.fixed ? `fixed in ${affected.fixed}` : 'no fix yet'}, but the last matching did not find it open: it may be newer than that`;
}
