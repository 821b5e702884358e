/** What waits for people, narrowed to what they ask for. */
import { type Band, bands } from '../model/priority.ts';
import { undecided } from '../model/proposal.ts';
import type { ProposalHead, World } from '../ports.ts';

/** More than anybody decides about. */
const most = 10_000;

/**
 * Proposals that nobody has decided, in no order. `wanted`: a band, the id of a policy, or words that the patch has in its name,
 * version or platform; null = all.
 */
export async function waitingFor(world: World, wanted: string | null): Promise<readonly ProposalHead[]> {
  const all = await world.proposals.heads({ state: { in: undecided } }, most);
  if (wanted === null) return all;
  const text = wanted.toLowerCase();
  if (bands.includes(text as Band)) return all.filter(({ priority }) => priority.band === text);
  if (world.policies.some(({ id }) => id === wanted)) return all.filter(({ policy }) => policy === wanted);
  const words = text.split(/\s+/);
  return all.filter(({ patch }) => words.every((word) => patch.toLowerCase().includes(word)));
}
