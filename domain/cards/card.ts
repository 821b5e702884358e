/** The message model that every platform draws. Strings are plain text: emphasis comes from structure, so no markup leaks. */

export type Tone = 'plain' | 'good' | 'warn' | 'bad';

/** Plain text, or text with instants (milliseconds since 1970) that each platform shows in the reader's own zone. */
export type Text = string | readonly (string | { readonly at: number })[];

export type Card = {
  readonly title: string;
  readonly tone: Tone;
  /** The state in words: tone is never the only sign of it. */
  readonly status: string;
  /** One or two sentences under the title. */
  readonly summary?: Text;
  readonly facts: readonly { readonly label: string; readonly value: Text }[];
  /** `more` says how many further items exist than are listed. */
  readonly list?: { readonly title: string; readonly items: readonly Text[]; readonly more: number };
  readonly progress?: { readonly done: number; readonly failed: number; readonly total: number };
  /** Small print at the end: ids, who decided, how to see more. */
  readonly note?: Text;
  readonly buttons: readonly CardButton[];
};

export type CardButton = {
  /** `noun.verb`: which press handler answers. */
  readonly action: string;
  /** What it is about: an id without `|`, `@` or spaces. */
  readonly subject: string;
  /** The revision that the card was drawn from. */
  readonly rev: number;
  readonly label: string;
  readonly tone: Tone;
  /** Ask "are you sure" with this sentence before acting. */
  readonly confirm?: string;
  /** Ask for a line of text first; with `phrase`, only exactly that phrase goes on. */
  readonly asks?: { readonly title: string; readonly label: string; readonly phrase?: string };
};

/** Items of a list that are shown: few in a channel, where people scroll past, more in an answer that somebody asked for. */
export const listed = { message: 10, reply: 40 } as const;

/** A one-line message: thread lines and short notices. */
export const line = (title: string, tone: Tone, status: string, summary?: Text): Card => ({
  title,
  tone,
  status,
  facts: [],
  buttons: [],
  ...(summary === undefined ? {} : { summary }),
});
