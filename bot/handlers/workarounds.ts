/** The verbs of workarounds: what is done in place of a patch, by whom, until when. */
import { workaroundListCard } from '../../domain/cards/workaround-facts.ts';
import { addWorkaround, endWorkaround } from '../../domain/flows/workarounds.ts';
import type { WorkaroundId } from '../../domain/model/ids.ts';
import { mostDays, subjectName } from '../../domain/model/workaround.ts';
import type { World } from '../../domain/ports.ts';
import { done, type Reply, refused, type Verb } from './press.ts';

/** The verbs `workaround add`, `workaround list` and `workaround end`. */
export const workaroundVerbs = (world: World): readonly Verb[] => {
  const active = () => world.workarounds.find({ state: 'active' });
  return [
    {
      name: 'workaround add',
      summary: 'Note what is done in place of a patch; you answer for it',
      options: [
        { name: 'subject', description: 'A CVE, a package name or a patch id', required: true, suggests: false },
        {
          name: 'until',
          description: `A day such as 2026-12-20, or 30d; at most ${mostDays}d`,
          required: true,
          suggests: false,
        },
        {
          name: 'text',
          description: 'What is done; "proof: ..." at the end shows it',
          required: true,
          suggests: false,
          rest: true,
        },
      ],
      role: 'operator',
      async run({ by, options }): Promise<Reply> {
        const { subject = '', until = '', text = '' } = options;
        const added = await addWorkaround(world, { subject, until, text }, by);
        if (!added.ok) return refused(added.error);
        const { id, subject: about } = added.value;
        return done(`Noted as ${id}, and ${by.name} answers for it. The due date of ${subjectName(about)} stays.`);
      },
    },
    {
      name: 'workaround list',
      summary: 'Workarounds that are in place',
      options: [],
      role: 'viewer',
      run: async () => done('Workarounds', workaroundListCard(await active())),
    },
    {
      name: 'workaround end',
      summary: 'Say that a workaround is not in place any more',
      options: [
        { name: 'workaround', description: 'Its id', required: true, suggests: true },
        { name: 'reason', description: 'Why: everybody reads it', required: true, suggests: false, rest: true },
      ],
      role: 'operator',
      async run({ by, options }): Promise<Reply> {
        const { workaround = '', reason = '' } = options;
        const ended = await endWorkaround(world, workaround as WorkaroundId, reason, by);
        return ended.ok ? done(`Ended: the workaround for ${subjectName(ended.value.subject)}.`) : refused(ended.error);
      },
      suggest: async (_, typed) => (await active()).map(({ id }) => id).filter((id) => id.startsWith(typed)),
    },
  ];
};
