/** Something about a patch changed that its cards show: they are drawn again, and their threads say what it was. */
import type { Card } from '../cards/card.ts';
import type { PatchId } from '../model/ids.ts';
import { undecided } from '../model/proposal.ts';
import { ok } from '../model/result.ts';
import type { World } from '../ports.ts';
import { update } from './say.ts';

/**
 * Tells those proposals of a patch that nobody has decided, and those that were approved: their devices get it, or have it. Plan and
 * votes stay. `key` names the change for good, so that repeating it says nothing twice.
 */
export async function tellPatch(world: World, patch: PatchId, key: string, card: Card): Promise<void> {
  const concerned = await world.proposals.find({ patch, state: { in: [...undecided, 'approved'] } });
  for (const { id } of concerned) {
    await update(world.proposals, id, null, (now) => {
      const lines = now.announcedAt === null ? [] : [{ key: `${key}:${id}`, card }];
      return ok({ next: { ...now, rev: now.rev + 1 }, said: { events: [], lines } });
    });
  }
}
