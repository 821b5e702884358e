/** Form posts in, Press and Command out. Who it is comes from the session only; a form cannot say. */
import type { Context } from 'hono';
import { z } from 'zod';
import type { TenantId } from '../../domain/model/ids.ts';
import type { Account } from '../../domain/model/people.ts';
import { formWords } from '../handlers/form.ts';
import { type Desk, done, type Reply, refused } from '../handlers/press.ts';
import { fieldName } from './form.ts';
import type { Env, Session } from './guard.ts';
import { randomId } from './guard.ts';
import { limits } from './limits.ts';
import { answeredAt, renderAnswer, renderPromptAnswer } from './message.ts';
import type { Answer, Reader } from './render.ts';
import { quoted, readLine } from './words.ts';

/** Our own pages that a form may come back to: never another site. */
export const isPage = (path: string): boolean => /^\/(c\/[\w.%-]+|m\/[\w-]+|direct|waiting)?$/.test(path);

const id = z.string().regex(/^[\w-]{1,60}$/);
const Place = z.object({ delivery: id, from: z.string().refine(isPage), at: id });
const Press = Place.extend({
  subject: z
    .string()
    .regex(/^[^\s|@]+$/)
    .max(limits.subjectChars),
  rev: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
  answer: z.string().max(limits.answerChars).optional(),
});
const Line = Place.extend({ line: z.string().max(limits.lineChars) });
const Filled = Place.extend({ verb: z.string() }).catchall(z.string().max(limits.answerChars));
const isAction = (text: string) => /^[a-z][a-z-]*\.[a-z][a-z-]*$/.test(text);

/** What the posts need: the desk, how a reader is made, and where answers wait for the next page. */
export type Receiving = {
  readonly tenant: TenantId;
  readonly desk: Desk;
  readonly flashes: Flashes;
  readonly reader: (session: Session, from: string) => Reader;
};

/** `POST /act/<action>`: a press. Anything unreadable is refused here and never reaches the desk. */
export async function receivePress(c: Context<Env>, receiving: Receiving): Promise<Response> {
  const action = c.req.param('action') ?? '';
  const form = Press.safeParse(await c.req.parseBody());
  if (!form.success || !isAction(action)) return reply(c, receiving, unreadable(refused({ code: 'card.unreadable' })));
  const { subject, rev, answer, delivery, from, at } = form.data;
  const said = await receiving.desk.press({
    ...callerOf(c, receiving, delivery),
    action,
    subject,
    seenRev: rev,
    ...(answer === undefined ? {} : { answer }),
  });
  return reply(c, receiving, { from, at: answeredAt(at), delivery, reply: said, said: null });
}

/** `POST /say`: a typed line. Its answer is the form of its verb where that has one and the line is not complete. */
export async function receiveLine(c: Context<Env>, receiving: Receiving): Promise<Response> {
  const form = Line.safeParse(await c.req.parseBody());
  if (!form.success) {
    return reply(c, receiving, unreadable({ ok: false, text: `A line has at most ${limits.lineChars} characters.` }));
  }
  const { line, delivery, from } = form.data;
  const call = { ...callerOf(c, receiving, delivery), ...readLine(line) };
  const answer = { from, at: 'prompt', delivery, said: line.trim() || 'help' };
  const open = receiving.desk.form(call);
  if (open) return reply(c, receiving, { ...answer, reply: done(open.verb.form ?? open.verb.name), form: open });
  return reply(c, receiving, { ...answer, reply: await receiving.desk.command(call) });
}

/** `POST /fill`: the form of a verb. After a no it comes back with the sentence and with what was typed. */
export async function receiveForm(c: Context<Env>, receiving: Receiving): Promise<Response> {
  const form = Filled.safeParse(await c.req.parseBody());
  const verb = receiving.desk.verbs.find(({ name }) => name === form.data?.verb);
  if (!form.success || !verb) return reply(c, receiving, unreadable(refused({ code: 'card.unreadable' })));
  const { delivery, from, ...typed } = form.data;
  const values = Object.fromEntries(verb.options.map(({ name }) => [name, typed[fieldName(name)] ?? '']));
  const call = { ...callerOf(c, receiving, delivery), verb: verb.name, words: formWords(verb, values) };
  const said = await receiving.desk.command(call);
  const again = said.ok ? {} : { form: { verb, values, refused: said } };
  return reply(c, receiving, { from, at: 'prompt', delivery, reply: said, said: verb.name, ...again });
}

/** `GET /suggest?line=…`: whole lines that the typed one may become, for the prompt. */
export async function suggestLines(c: Context<Env>, { desk, tenant }: Receiving): Promise<Response> {
  const line = (c.req.query('line') ?? '').slice(0, limits.lineChars);
  const { verb, words } = readLine(/\s$/.test(line) ? `${line}""` : line);
  const option = desk.verbs.find(({ name }) => name === verb)?.options[words.length - 1];
  if (!option?.suggests) return c.json([]);
  const known = await desk.suggest(accountOf(c.get('session'), tenant), verb, option.name, words.at(-1) ?? '');
  const before = [verb, ...words.slice(0, -1)].map(quoted).join(' ');
  return c.json(known.map((value) => `${before} ${quoted(value)}`));
}

const accountOf = ({ person }: Session, tenant: TenantId): Account => ({
  platform: 'web',
  workspace: tenant,
  user: person.id,
});

/** A delivery id that one session made up can never name another session's. */
const deliveryOf = (session: Session, delivery: string): string => `${session.id}.${delivery}`;

/** Who posts a form, and the id under which it acts once. */
function callerOf(c: Context<Env>, { tenant }: Receiving, delivery: string) {
  const session = c.get('session');
  return { account: accountOf(session, tenant), delivery: deliveryOf(session, delivery) };
}

type Said = Answer & { readonly from: string; readonly delivery: string };
const unreadable = (reply: Reply): Said => ({ from: '/', at: 'prompt', delivery: randomId(), reply, said: null });

/**
 * The page's script gets the answer as markup and a new delivery id; a plain form gets redirected to a page that shows
 * it once.
 */
async function reply(c: Context<Env>, { flashes, reader }: Receiving, said: Said): Promise<Response> {
  const session = c.get('session');
  if (c.req.header('accept') === 'application/json') {
    const draw = said.at === 'prompt' ? renderPromptAnswer : renderAnswer;
    const markup = await draw(said, reader(session, said.from));
    const { ok, text } = said.reply;
    return c.json({ ok, text, html: String(markup), at: said.at, delivery: randomId() });
  }
  flashes.keep(deliveryOf(session, said.delivery), said);
  return c.redirect(`${said.from}?answer=${said.delivery}#m-${said.at}`, 303);
}

/**
 * Answers on their way to the next page of the session that asked. In memory: losing one on a restart loses a sentence,
 * not a decision.
 */
export type Flashes = {
  keep(delivery: string, answer: Answer): void;
  take(session: Session, delivery: string): Answer | null;
};
export function flashes(): Flashes {
  const kept = new Map<string, Answer>();
  return {
    keep(delivery, answer) {
      kept.set(delivery, answer);
      const [oldest] = kept.keys();
      if (kept.size > limits.flashes && oldest !== undefined) kept.delete(oldest);
    },
    take(session, delivery) {
      const answer = kept.get(deliveryOf(session, delivery)) ?? null;
      kept.delete(deliveryOf(session, delivery));
      return answer;
    },
  };
}
