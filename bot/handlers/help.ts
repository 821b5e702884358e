/** help: every verb on one card. */
import { usageOf } from './desk.ts';
import { done, type Verb } from './press.ts';

/** Lists the others and itself. */
export function helpVerb(others: readonly Verb[]): Verb {
  const help: Verb = {
    name: 'help',
    summary: 'Everything that I understand',
    options: [],
    role: null,
    async run() {
      const items = [...others, help].map((verb) => `${usageOf(verb)}: ${verb.summary}`);
      const list = { title: 'Commands', items, more: 0 };
      return done('Help', { title: 'patchherd', tone: 'plain', status: 'Commands', facts: [], list, buttons: [] });
    },
  };
  return help;
}
