/** Triage: the verbs `triage` and `side-effect`, and the button on cards that wait for a verdict. */
import { count } from '../../domain/cards/words.ts';
import { addSideEffect, readTriage, readVerdict, triage } from '../../domain/flows/triage.ts';
import { patchNamed } from '../../domain/flows/views.ts';
import type { PatchId } from '../../domain/model/ids.ts';
import { isDeclined, triageVerdicts } from '../../domain/model/patch.ts';
import type { Person } from '../../domain/model/people.ts';
import { undecided } from '../../domain/model/proposal.ts';
import type { World } from '../../domain/ports.ts';
import { done, type PressHandler, type Reply, refused, type Verb } from './press.ts';

/** The button. Its answer is a verdict and why, in one line: no platform's button asks for two. */
export const triageHandlers = (world: World): readonly PressHandler[] => [
  {
    action: 'patch.triage',
    role: 'approver',
    async handle({ subject, by, answer }) {
      const read = readTriage(answer ?? '');
      if (!read.ok) return refused(read.error);
      const found = await patchNamed(world, subject);
      return found.ok ? give(world, found.value.id, read.value, by) : refused(found.error);
    },
  },
];

async function give(world: World, id: PatchId, given: Parameters<typeof triage>[2], by: Person): Promise<Reply> {
  const before = await world.patches.get(id);
  const triaged = await triage(world, id, given, by);
  if (!triaged.ok) return refused(triaged.error);
  const { patch, goesOn } = triaged.value;
  const name = `${patch.source} ${patch.version}`;
  if (!isDeclined(patch)) {
    const again = before && isDeclined(before) ? ' Devices are offered it again when its plan is simulated anew.' : '';
    return done(`${name} is ${given.verdict}.${again}`);
  }
  const living = `${count(goesOn, 'rollout')} of it ${goesOn === 1 ? 'was' : 'were'} approved before`;
  const goes = goesOn === 0 ? '' : ` ${living} and ${goesOn === 1 ? 'goes' : 'go'} on until somebody halts it.`;
  return done(`${name} is declined: no device is offered it any more.${goes}`);
}

/** The verbs. */
export const triageVerbs = (world: World): readonly Verb[] => {
  const patch = {
    name: 'patch',
    description: 'Package name, or id of patch or proposal',
    required: true,
    suggests: true,
  };
  const waiting = async (typed: string) => {
    const open = await world.proposals.find({ state: { in: undecided } }, 1000);
    return [...new Set(open.map((one) => one.patch))].filter((id) => id.includes(typed));
  };
  return [
    {
      name: 'triage',
      summary: 'Say what a patch is worth; undesirable declines it',
      options: [
        patch,
        { name: 'verdict', description: triageVerdicts.join(', '), required: true, suggests: true },
        { name: 'rationale', description: 'Why: everybody reads it', required: true, suggests: false, rest: true },
      ],
      role: 'approver',
      async run({ by, options }): Promise<Reply> {
        const verdict = readVerdict(options['verdict'] ?? '');
        if (!verdict.ok) return refused(verdict.error);
        const found = await patchNamed(world, options['patch'] ?? '');
        if (!found.ok) return refused(found.error);
        return give(world, found.value.id, { verdict: verdict.value, rationale: options['rationale'] ?? '' }, by);
      },
      suggest: async (option, typed) =>
        option === 'patch' ? waiting(typed) : triageVerdicts.filter((one) => one.startsWith(typed.toLowerCase())),
    },
    {
      name: 'side-effect',
      summary: 'Note what a patch is known to break',
      options: [patch, { name: 'text', description: 'What happens', required: true, suggests: false, rest: true }],
      role: 'operator',
      async run({ by, options }): Promise<Reply> {
        const found = await patchNamed(world, options['patch'] ?? '');
        if (!found.ok) return refused(found.error);
        const noted = await addSideEffect(world, found.value.id, options['text'] ?? '', by);
        if (!noted.ok) return refused(noted.error);
        const { source, version, sideEffects } = noted.value;
        return done(`Noted: ${source} ${version} has ${count(sideEffects.length, 'known side effect')}.`);
      },
      suggest: (_, typed) => waiting(typed),
    },
  ];
};
