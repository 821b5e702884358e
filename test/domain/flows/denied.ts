/** A patch that was denied, and then found to be exploited: for the tests of what people hear, and of what they can do. */
import { deny } from '../../../domain/flows/decide.ts';
import { matchFleet } from '../../../domain/flows/intel.ts';
import { proposePatch } from '../../../domain/flows/propose.ts';
import { proposeAgain } from '../../../domain/flows/reconsider.ts';
import type { Proposal } from '../../../domain/model/proposal.ts';
import { advisory, feed, kev, knowing, outdated, signal } from './intel-world.ts';
import { acme, type FlowWorld, type flowDatabase, riley, sam } from './world.ts';

type Db = Awaited<ReturnType<typeof flowDatabase>>;
type Case = { readonly world: FlowWorld; readonly cve: string };
let cves = 5000;

/** An announced proposal for web-1 of an important update, whose CVE no other test knows. Ten minutes have passed. */
export async function proposed(db: Db, options: Parameters<Db['world']>[0] = {}): Promise<Case> {
  const world = knowing(db.world(options));
  cves += 1;
  const cve = `CVE-2026-${cves}`;
  await outdated(world, ['web-1']);
  await feed(world, 'debian-dsa', advisory({ cves: [cve] }));
  await kev(world, '2026-11-20');
  await matchFleet(world, signal);
  await proposePatch(world, acme);
  world.clock.set('2026-11-23T12:10:00Z');
  return { world, cve };
}

/** The same, denied by Sam; chat was told. */
export async function denied(db: Db, options: Parameters<Db['world']>[0] = {}): Promise<Case> {
  const { world, cve } = await proposed(db, options);
  const { id, rev } = await first(world);
  await deny(world, { proposal: id, by: sam, seenRev: rev, reason: 'It breaks the printer.' });
  await tell(world);
  world.clock.set('2026-11-23T12:20:00Z');
  return { world, cve };
}

/** The same, and then found in KEV. */
export async function urgent(db: Db, options: Parameters<Db['world']>[0] = {}): Promise<Case> {
  const { world, cve } = await denied(db, options);
  await listed(world, '2026-11-22', cve);
  world.clock.set('2026-11-23T12:30:00Z');
  return { world, cve };
}

/** KEV has these CVEs now, since this day, and the fleet was matched. */
export async function listed(world: FlowWorld, added: string, ...ids: readonly string[]): Promise<void> {
  await kev(world, added, ...ids);
  await matchFleet(world, signal);
}

/** Every proposal, oldest first. */
export const rounds = async (world: FlowWorld): Promise<readonly Proposal[]> =>
  [...(await world.proposals.find({}))].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());

/** The first proposal. */
export async function first(world: FlowWorld): Promise<Proposal> {
  const [found] = await rounds(world);
  if (!found) throw new Error('nothing is proposed');
  return found;
}

/** Riley presses "Propose again" on the newest card of the first proposal. */
export async function pressed(world: FlowWorld): ReturnType<typeof proposeAgain> {
  const { id, rev } = await first(world);
  return proposeAgain(world, { proposal: id, by: riley, seenRev: rev });
}

/** Everything that is due in chat was told. */
export async function tell(world: FlowWorld): Promise<void> {
  for (const due of await world.store.outbox.due(100)) await world.store.outbox.done(due);
}
