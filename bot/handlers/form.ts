/** What a verb's form means, wherever it is drawn: which fields must be filled in, which words they stand for, when two submissions are one. */
import { createHash } from 'node:crypto';
import type { OpenForm, VerbHelp, VerbOption } from './press.ts';

/** Whether a field has to be filled in: its option is required, and nothing stands for an empty one. */
export const mustFill = ({ required, blank }: VerbOption): boolean => required && blank === undefined;

/** Takes what the fields hold, by option, and gives the verb's words in their order; '' for one that is missing. */
export const formWords = (verb: VerbHelp, values: OpenForm['values']): readonly string[] =>
  verb.options.map(({ name, blank = '' }) => values[name]?.trim() || blank);

/** Takes the delivery that a form was drawn for; sent twice with the same words the form acts once, corrected after a no it is tried anew. */
export const formDelivery = (opening: string, words: readonly string[]): string =>
  `${opening}:${createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, 16)}`;

/** The option whose field a refused form's sentence belongs to; undefined when it concerns the form as a whole. */
export const wrongField = ({ verb, refused }: OpenForm): string | undefined =>
  verb.options.find(({ name }) => name === refused?.option)?.name;
