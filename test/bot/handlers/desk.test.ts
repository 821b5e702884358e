import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeDesk, usageOf } from '../../../bot/handlers/desk.ts';
import { done, type PressHandler, type PressIn, type Verb } from '../../../bot/handlers/press.ts';
import { directory } from '../../../domain/model/directory.ts';
import type { TenantId } from '../../../domain/model/ids.ts';
import type { Inbox } from '../../../domain/ports.ts';
import { newDatabase } from '../../database.ts';
import { person } from '../../domain/make.ts';

const account = (user: string) => ({ platform: 'slack' as const, workspace: 'T1', user });
const linked = (id: string, users: readonly string[], roles: Parameters<typeof person>[1] = ['approver']) => ({
  ...person(id, roles),
  accounts: users.map(account),
});
const people = directory([
  linked('ann', ['U1']),
  linked('vic', ['U2'], ['viewer']),
  linked('bo', ['U3']),
  linked('cy', ['U3']),
  linked('adi', ['U4'], ['admin']),
]);

const database = newDatabase();
let inbox: Inbox;
beforeAll(() => {
  inbox = database().tenant('acme' as TenantId).inbox;
});

/** A desk with one button and two verbs; `acts` counts what really happened. */
function desk() {
  const acts: string[] = [];
  const logged: unknown[] = [];
  let nudges = 0;
  const handlers: PressHandler[] = [
    {
      action: 'thing.do',
      role: 'approver',
      async handle({ by, answer }) {
        acts.push(`${by.id}:${answer}`);
        return done('Done.');
      },
    },
    { action: 'thing.break', role: null, handle: async () => Promise.reject(new Error('secret detail')) },
  ];
  const say: Verb = {
    name: 'say',
    summary: 'Says it',
    role: null,
    options: [
      { name: 'to', description: 'Whom', required: true, suggests: true },
      { name: 'what', description: 'What', required: false, suggests: false, rest: true },
    ],
    run: async ({ options }) => done(`${options['to']}: ${options['what'] ?? ''}`),
    suggest: async (_, typed) => Array.from({ length: 40 }, (_unused, at) => `${typed}${at}`),
  };
  const list: Verb = {
    name: 'device list',
    summary: 'Lists',
    role: 'viewer',
    options: [],
    run: async () => done('listed'),
  };
  const log = { info: () => {}, warn: () => {}, error: (_: string, fields?: object) => void logged.push(fields) };
  return {
    acts,
    logged,
    nudges: () => nudges,
    ...makeDesk({
      handlers,
      verbs: [say, list],
      people,
      inbox,
      log,
      nudge: () => {
        nudges += 1;
      },
    }),
  };
}
const press = (user: string, change: Partial<PressIn> = {}): PressIn => ({
  account: account(user),
  delivery: randomUUID(),
  action: 'thing.do',
  subject: 's',
  seenRev: 1,
  ...change,
});
const command = (user: string, verb: string, words: readonly string[] = []) => ({
  account: account(user),
  delivery: randomUUID(),
  verb,
  words,
});

describe('the desk', () => {
  it('acts for a linked person with the role, and asks for a redraw', async () => {
    const { acts, nudges, press: take } = desk();
    expect(await take(press('U1', { answer: 'because' }))).toEqual({ ok: true, text: 'Done.' });
    expect([acts, nudges()]).toEqual([['ann:because'], 1]);
  });

  it.each([
    ['a stranger', 'U9', 'I do not know who you are: ask an admin to link your slack account (U9).'],
    ['an account of two people', 'U3', 'Two people are linked to this slack account: ask an admin to mend the links.'],
    ['somebody without the role', 'U2', 'You need the role approver for this. You have: viewer.'],
  ])('refuses %s and does nothing', async (_, user, text) => {
    const { acts, press: take } = desk();
    expect(await take(press(user))).toEqual({ ok: false, text });
    expect(acts).toEqual([]);
  });

  it('lets an admin do what any role may', async () => {
    expect((await desk().press(press('U4'))).ok).toBe(true);
  });

  it('acts once on a delivery that comes twice, and gives the same answer', async () => {
    const { acts, press: take } = desk();
    const twice = press('U1', { delivery: 'same' });
    expect([await take(twice), await take(twice)]).toEqual([
      { ok: true, text: 'Done.' },
      { ok: true, text: 'Done.' },
    ]);
    expect(acts).toHaveLength(1);
  });

  it('acts once when both come at the same time', async () => {
    const { acts, press: take } = desk();
    const twice = press('U1', { delivery: 'racing' });
    await Promise.all([take(twice), take(twice), take(twice)]);
    expect(acts).toHaveLength(1);
  });

  it('turns a bug into a reference that is in the log too, without the detail', async () => {
    const { logged, press: take } = desk();
    const reply = await take(press('U1', { action: 'thing.break' }));
    const reference = /Quote (\w{8})/.exec(reply.text)?.[1];
    expect(reply.ok).toBe(false);
    expect(reply.text).not.toContain('secret detail');
    expect(logged).toEqual([expect.objectContaining({ reference, error: expect.stringContaining('secret detail') })]);
  });

  it('says that a button is from another version', async () => {
    expect((await desk().press(press('U1', { action: 'thing.gone' }))).text).toContain('from another version');
  });

  it('gives words to options by place, the last taking the rest', async () => {
    expect((await desk().command(command('U1', 'say', ['bo', 'hello', 'there']))).text).toBe('bo: hello there');
  });

  it('knows verbs of two words', async () => {
    expect((await desk().command(command('U2', 'device', ['list']))).text).toBe('listed');
  });

  it.each([
    ['a missing word', 'say', [], 'say needs to: Whom. Usage: say <to> [what]'],
    ['a word too many', 'device', ['list', 'x'], 'device list does not know what to do with "x". Usage: device list'],
    ['a mistyped verb', 'sya', [], 'I do not know "sya". Did you mean say? Run help to see everything.'],
  ])('answers %s with what would be right', async (_, verb, words, text) => {
    expect(await desk().command(command('U2', verb, words))).toMatchObject({ ok: false, text });
  });

  it('suggests at most 25 values, and nothing to strangers', async () => {
    expect(await desk().suggest(account('U1'), 'say', 'to', 'w')).toHaveLength(25);
    expect(await desk().suggest(account('U9'), 'say', 'to', 'w')).toEqual([]);
  });

  it('writes usage with optional words in brackets', () => {
    expect(usageOf({ name: 'x', options: [{ name: 'a', description: '', required: true, suggests: false }] })).toBe(
      'x <a>',
    );
  });
});
