/** Every button and every verb. One line each; Slack, Discord, the web chat and the shell share them. */
import type { World } from '../../domain/ports.ts';
import { catalogVerbs } from './catalog.ts';
import { decideHandlers } from './decide.ts';
import { deviceHandlers, deviceVerbs } from './devices.ts';
import { feedVerbs } from './feeds.ts';
import { haltHandlers, haltVerbs } from './halt.ts';
import { helpVerb } from './help.ts';
import { patchEntryVerbs } from './patch-entry.ts';
import type { PressHandler, Verb } from './press.ts';
import { retractVerbs } from './retract.ts';
import { statusVerbs } from './status.ts';
import { triageHandlers, triageVerbs } from './triage.ts';
import { workOrderHandlers, workOrderVerbs } from './work-orders.ts';
import { workaroundVerbs } from './workarounds.ts';

/** What buttons do. */
export const handlersFor = (world: World): readonly PressHandler[] => [
  ...decideHandlers(world),
  ...triageHandlers(world),
  ...haltHandlers(world),
  ...deviceHandlers(world),
  ...workOrderHandlers(world),
];

/** What people can type. */
export function verbsFor(world: World): readonly Verb[] {
  const verbs = [
    ...catalogVerbs(world),
    ...statusVerbs(world),
    ...haltVerbs(world),
    ...deviceVerbs(world),
    ...feedVerbs(world),
    ...triageVerbs(world),
    ...workaroundVerbs(world),
    ...patchEntryVerbs(world),
    ...retractVerbs(world),
    ...workOrderVerbs(world),
  ];
  return [helpVerb(verbs), ...verbs];
}
