/** Taking a patch back, and lifting that. Stopping is always safe, so it is one step; lifting it is an admin's. */
import { line } from '../../domain/cards/card.ts';
import { names } from '../../domain/cards/words.ts';
import { retractPatch, unretract } from '../../domain/flows/retract.ts';
import { patchNamed } from '../../domain/flows/views.ts';
import type { World } from '../../domain/ports.ts';
import { done, type Reply, refused, type Verb } from './press.ts';

const named = 20;

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
        const found = await patchNamed(world, options['patch'] ?? '');
        if (!found.ok) return refused(found.error);
        const { id, source, version } = found.value;
        const taken = await retractPatch(world, id, options['reason'] ?? '', by);
        if (!taken.ok) return refused(taken.error);
        const has = taken.value.length > 0 ? `Installed on ${names(taken.value, named)}.` : 'No device has it.';
        const name = `${source} ${version}`;
        return done(`${name} is taken back.`, line(name, 'bad', 'Nothing of it starts any more', has));
      },
    },
    {
      name: 'unretract',
      summary: 'Offer a patch again that was taken back',
      options: [patch],
      role: 'admin',
      async run({ by, options }): Promise<Reply> {
        const found = await patchNamed(world, options['patch'] ?? '');
        if (!found.ok) return refused(found.error);
        const lifted = await unretract(world, found.value.id, by);
        if (!lifted.ok) return refused(lifted.error);
        return done(`${lifted.value.source} ${lifted.value.version} is offered again.`);
      },
    },
  ];
};
