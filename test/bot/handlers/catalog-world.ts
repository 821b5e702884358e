/** A catalog for the tests of the verbs that look things up. */
import { matchFleet } from '../../../domain/flows/intel.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import { type Patch, patchId } from '../../../domain/model/patch.ts';
import type { Person } from '../../../domain/model/people.ts';
import type { Proposal } from '../../../domain/model/proposal.ts';
import { asText } from '../../domain/cards/as-text.ts';
import { advisory, feed, kev, knowing, outdated, signal } from '../../domain/flows/intel-world.ts';
import { acme, type FlowWorld, olive, riley, sam, silent } from '../../domain/flows/world.ts';
import { noon, patch, person, proposal } from '../../domain/make.ts';
import { deskFor, linked } from './verbs.ts';

/** Somebody without a role. */
export const stranger = person('nobody', []);
/** Everybody of the fleet, with accounts. */
export const people = [riley, sam, olive, stranger].map(linked);
/** The title of an advisory that means something to every platform. */
export const hostile = 'acme-agent: <!channel> @everyone *bold* <script>alert(1)</script>';

/** Three devices that miss acme-agent 1.1, which fixes an exploited CVE; and two advisories that concern none of them. */
export async function catalog(db: { world(options: { readonly people: readonly Person[] }): FlowWorld }) {
  const world = knowing(db.world({ people }));
  await feed(
    world,
    'debian-dsa',
    advisory({ title: hostile, vendorSeverity: 'high' }),
    advisory({ id: 'DSA-2-1', cves: ['CVE-2026-2002'], affected: { release: 'debian:11' } }),
  );
  await kev(world, '2026-11-01', 'CVE-2026-1001');
  const read = { checkedAt: new Date('2026-11-20T12:00:00Z'), changedAt: noon, problem: null, records: 2, dropped: 0 };
  await world.feeds.put({ id: 'debian-dsa', ...read, cursor: null, files: {}, told: false });
  await outdated(world, ['web-1', 'web-2'], { exposure: 'internet' });
  await outdated(world, ['db-1'], { exposure: null, criticality: null });
  await proposePatch(world, acme);
  await matchFleet(world, signal);
  const { say, suggest } = deskFor(world);
  const [made] = await world.proposals.find({});
  if (!made) throw new Error('nothing is proposed');
  return {
    ...{ world, suggest, id: made.id, say },
    async lines(typed: string): Promise<readonly string[]> {
      const { card, text } = await say(olive, typed);
      return card ? asText(card) : [text];
    },
  };
}

/** More of what waits: a patch of its own for each. */
export async function waiting(world: FlowWorld, name: string, change: Partial<Proposal>, of: Partial<Patch> = {}) {
  const id = patchId('debian:12', name, '2.0');
  await world.patches.insert({ ...patch({ tenant: world.tenant }), id, source: name, version: '2.0', ...of }, silent);
  const made = { ...proposal({ tenant: world.tenant }), id: `p-${name}` as Proposal['id'], patch: id, ...change };
  await world.proposals.insert(made, silent);
}
/** A proposal of this band and score. */
export const ranked = (band: Proposal['priority']['band'], score: number) => ({
  priority: { ...proposal().priority, band, score },
});
