/** An older patch gives way to a newer one of the same package, as soon as no device is offered the older one any more. */
import { compareFor } from '../backends/versions/index.ts';
import { line } from '../cards/card.ts';
import type { Patch } from '../model/patch.ts';
import { moveProposal, undecided } from '../model/proposal.ts';
import { ok } from '../model/result.ts';
import type { World } from '../ports.ts';
import { own, said, update } from './say.ts';

/** States in which a device is offered a patch, whether or not it may have it now. */
const offered = ['missing', 'held', 'phased', 'kept-back', 'failed', 'rolled-back', 'declined', 'excepted'] as const;

/**
 * Marks this patch as superseded when a newer one is there and no device is offered this one; the mark goes when a device is offered
 * it again. Gives true when its proposals were ended with it. Safe to repeat.
 */
export async function supersede(world: World, patch: Patch): Promise<boolean> {
  const newer = await newest(world, patch);
  const living = newer !== null && (await world.applicabilities.count({ patch: patch.id, state: { in: offered } })) > 0;
  const by = newer !== null && !living ? newer : null;
  const at = world.clock.now();
  if (patch.supersededBy !== (by?.id ?? null)) {
    await update(world.patches, patch.id, null, (now) => {
      const what = by ? 'patch.superseded' : 'patch.offered-again';
      const next = { ...now, supersededBy: by?.id ?? null, rev: now.rev + 1 };
      return ok({ next, said: said(own(at, what, patch.id, by ? { by: by.id } : {})) });
    });
    await redrawQuestions(world, patch);
  }
  if (by) await endProposals(world, patch, by);
  return by !== null;
}

/** Nobody is asked any more whether a denied patch should be proposed again when there is a newer one; or again, when that is over. */
async function redrawQuestions(world: World, { id: patch }: Patch): Promise<void> {
  for (const { id } of await world.proposals.find({ patch, state: 'denied' })) {
    await update(world.proposals, id, null, (now) =>
      ok({ next: now.decided?.urged ? { ...now, rev: now.rev + 1 } : now, said: { events: [] } }),
    );
  }
}

async function newest(world: World, { id, platform, source, version }: Patch): Promise<Patch | null> {
  const compare = compareFor(platform);
  const all = compare ? await world.patches.find({ platform, source }) : [];
  const later = all.filter((other) => other.id !== id && !other.retracted && compare?.(other.version, version) === 1);
  return later.reduce<Patch | null>((a, b) => (a && compare?.(a.version, b.version) === 1 ? a : b), null);
}

async function endProposals(world: World, patch: Patch, by: Patch): Promise<void> {
  const at = world.clock.now();
  const text = `Superseded by ${by.source} ${by.version}: devices are offered that one instead.`;
  for (const { id } of await world.proposals.find({ patch: patch.id, state: { in: undecided } })) {
    await update(world.proposals, id, null, (now) => {
      const moved = moveProposal(now, 'supersede', { decided: null, voided: text });
      if (!moved.ok) return ok({ next: now, said: { events: [] } });
      const card = line('No longer needed', 'plain', 'Superseded', text);
      const lines = now.announcedAt === null ? [] : [{ key: `superseded:${id}`, card }];
      return ok({ next: moved.value, said: said(own(at, 'proposal.superseded', id, { by: by.id }), lines) });
    });
  }
}
