/** Taking a patch back, and lifting that. Stopping is always safe, so it is one step; lifting it is an admin's. */
import { line } from '../../domain/cards/card.ts';
import { names } from '../../domain/cards/words.ts';
import { retractPatch, unretract } from '../../domain/flows/retract.ts';
import type { PatchId } from '../../domain/model/ids.ts';
import type { Patch } from '../../domain/model/patch.ts';
import type { World } from '../../domain/ports.ts';
import { done, type Reply, refused, type Verb } from './press.ts';

const named = 20;

/** By id, or `package=version`, or the newest of a package. */
async function findPatch(world: World, typed: string): Promise<Patch | null> {
  const exact = await world.patches.get(typed as PatchId);
  if (exact) return exact;
  const [source = '', version] = typed.split('=');
  const found = await world.patches.find({ source, ...(version === undefined ? {} : { version }) });
  return [...found].sort((a, b) => a.firstSeen.getTime() - b.firstSeen.getTime()).at(-1) ?? null;
}

/** The verbs `retract` and `unretract`. */
export const retractVerbs = (world: World): readonly Verb[] => {
  const patch = { name: 'patch', description: 'Package name, or patch id', required: true, suggests: false };
  const reason = {
    name: 'reason',
    description: 'Why: everybody reads it',
    required: true,
    suggests: false,
    rest: true,
  };
  return [
    {
      name: 'retract',
      summary: 'Take a patch back: nothing of it starts any more',
      options: [patch, reason],
      role: 'operator',
      async run({ by, options }): Promise<Reply> {
        const subject = options['patch'] ?? '';
        const found = await findPatch(world, subject);
        if (!found) return refused({ code: 'patch.unknown', subject });
        const taken = await retractPatch(world, found.id, options['reason'] ?? '', by);
        if (!taken.ok) return refused(taken.error);
        const has = taken.value.length > 0 ? `Installed on ${names(taken.value, named)}.` : 'No device has it.';
        const name = `${found.source} ${found.version}`;
        return done(`${name} is taken back.`, line(name, 'bad', 'Nothing of it starts any more', has));
      },
    },
    {
      name: 'unretract',
      summary: 'Offer a patch again that was taken back',
      options: [patch],
      role: 'admin',
      async run({ by, options }): Promise<Reply> {
        const subject = options['patch'] ?? '';
        const found = await findPatch(world, subject);
        if (!found) return refused({ code: 'patch.unknown', subject });
        const lifted = await unretract(world, found.id, by);
        return lifted.ok ? done(`${found.source} ${found.version} is offered again.`) : refused(lifted.error);
      },
    },
  ];
};
