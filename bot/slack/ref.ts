/** What buttons and forms carry. A button: `subject@rev`, and behind a `|` what has to be asked first. */
import { z } from 'zod';
import type { CardButton } from '../../domain/cards/card.ts';
import { label } from './text.ts';

const Asks = z.object({ title: z.string(), label: z.string(), phrase: z.string().optional() });
export type Asks = z.infer<typeof Asks>;
export type ButtonRef = { readonly subject: string; readonly rev: number; readonly asks: Asks | null };

/** Keeps the value far below Slack's 2,000. A longer phrase is left to the desk, which checks every phrase anyway. */
const longest = { title: 100, label: 150, phrase: 150 };

/** The value of a button. */
export function writeRef({ subject, rev, asks }: CardButton): string {
  if (!asks) return `${subject}@${rev}`;
  const phrase = asks.phrase !== undefined && asks.phrase.length <= longest.phrase ? { phrase: asks.phrase } : {};
  const kept = { title: label(asks.title, longest.title), label: label(asks.label, longest.label), ...phrase };
  return `${subject}@${rev}|${JSON.stringify(kept)}`;
}

/** Reads a button's value; null when it is none of ours, or from a version that wrote it differently. */
export function readRef(value: string | undefined): ButtonRef | null {
  const match = /^(?<subject>[^|@\s]+)@(?<rev>\d{1,15})(?:\|(?<asks>\{.*\}))?$/s.exec(value ?? '');
  const { subject, rev, asks } = match?.groups ?? {};
  if (subject === undefined || rev === undefined) return null;
  if (asks === undefined) return { subject, rev: Number(rev), asks: null };
  const read = readJson(Asks, asks);
  return read && { subject, rev: Number(rev), asks: read };
}

/** What a modal remembers between its opening and its submission. `url` is the response_url of the click. */
const Asked = z.object({
  action: z.string(),
  subject: z.string(),
  rev: z.number(),
  phrase: z.string().optional(),
  url: z.string().optional(),
  channel: z.string().optional(),
});
export type Asked = z.infer<typeof Asked>;

/** What the form of a verb remembers: the command that it stands for, its response_url, and the delivery that the form was drawn for. */
const Filling = z.object({
  ...{ command: z.string(), verb: z.string(), opening: z.string() },
  ...{ url: z.string(), channel: z.string() },
});
export type Filling = z.infer<typeof Filling>;

/** For a modal's private_metadata: far below its 3,000 characters, because every part of it is limited. */
export const writeAsked = (asked: Asked | Filling): string => JSON.stringify(asked);
/** Reads a modal's private_metadata; null when it is none of ours. */
export const readAsked = (metadata: string): Asked | null => readJson(Asked, metadata);
/** The same for the form of a verb. */
export const readFilling = (metadata: string): Filling | null => readJson(Filling, metadata);

function readJson<T extends z.ZodType>(schema: T, json: string): z.output<T> | null {
  try {
    return schema.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}
