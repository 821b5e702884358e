/** `/patch add` in Discord, from the slash command to the catalog: real discord.js, real desk, real database. */
import { type APILabelComponent, ComponentType, TextInputStyle } from 'discord.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Discord } from '../../../bot/discord/index.ts';
import { lintModal } from '../../../bot/discord/limits.ts';
import { type FakeDiscord, startFakeDiscord, textOf } from '../../fakes/discord/index.ts';
import { accepted, catalogDesk, filled } from '../handlers/catalog-desk.ts';
import { answerOf, createLog, formOf, startBot } from './desk.ts';

const log = createLog();
let fake: FakeDiscord;
let bot: Discord;
let catalog: Awaited<ReturnType<typeof catalogDesk>>;
beforeAll(async () => {
  fake = await startFakeDiscord();
  const account = (user: string) => ({ platform: 'discord' as const, workspace: fake.guild, user });
  catalog = await catalogDesk(account(fake.people.bob.id), account(fake.people.ann.id));
  bot = await startBot(fake, catalog.desk, log);
});
afterAll(async () => {
  await bot?.stop();
  await fake?.stop();
  await catalog?.close();
});

const sam = () => fake.human('bob');
/** The five fields, filled in as `filled` says. */
const typed = (id: string, where = 'debian:12 acme-agent 1.1') => [id, where, 'critical', '', filled.title];

describe('the lint of forms', () => {
  const text = { type: ComponentType.TextInput, style: TextInputStyle.Short };
  const faultsOf = (fields: object[]) => {
    const labelled = fields.map((one, at) => {
      return { type: ComponentType.Label, label: 'L', component: { custom_id: `c${at}`, ...one } };
    });
    return lintModal({ custom_id: 'f', title: 'T', components: labelled as APILabelComponent[] }); // as Discord would get it
  };
  const options = Array.from({ length: 26 }, (_, n) => ({ label: `o${n}`, value: `o${n}` }));
  it.each([
    ['six fields', Array(6).fill(text), '6 components: 1 to 5 are allowed'],
    ['no field', [], '0 components: 1 to 5 are allowed'],
    [
      'more text than its field takes',
      [{ ...text, max_length: 5, value: '123456' }],
      'value has 6 characters, of 5: at most 4000',
    ],
    ['too many options', [{ type: ComponentType.StringSelect, options }], 'select has 26 options: 1 to 25 are allowed'],
    [
      'an option twice',
      [{ type: ComponentType.StringSelect, options: [...options.slice(0, 2), { label: 'again', value: 'o0' }] }],
      'option o0 is there twice',
    ],
    [
      'a field twice',
      [
        { ...text, custom_id: 'x' },
        { ...text, custom_id: 'x' },
      ],
      'custom_id x is used twice',
    ],
  ])('finds %s', (_, fields, sentence) => {
    expect(faultsOf(fields)).toEqual([sentence]);
  });
});

describe('the form of add in Discord', () => {
  it('opens with five fields when options are missing, with those that were given', async () => {
    const { form } = await formOf(sam().command('patch add', { package: 'acme-agent', severity: 'low' }));
    const fields = form.components.flatMap((one) => (one.type === ComponentType.Label ? [one] : []));
    expect(form.title).toBe('Add an advisory');
    expect(fields.map(({ label }) => label)).toEqual([
      'Name',
      'Release, package, first good version',
      'Severity',
      'CVEs',
      'Title',
    ]);
    expect(fields.map(({ component }) => component)).toMatchObject([
      { type: ComponentType.TextInput, required: true },
      { type: ComponentType.TextInput, required: true, value: 'acme-agent' },
      {
        type: ComponentType.StringSelect,
        options: expect.arrayContaining([expect.objectContaining({ value: 'low', default: true })]),
      },
      { type: ComponentType.TextInput, required: false },
      { type: ComponentType.TextInput, required: true },
    ]);
  });

  it('puts what was filled in into the catalog', async () => {
    const form = await formOf(sam().command('patch add'));
    const answer = await answerOf(sam().submit(form, ...typed('ACME-2026-1')));
    expect(textOf(answer)).toBe(`✅ ${accepted}`);
    expect(await catalog.entered()).toMatchObject([
      { severity: 'critical', cves: [], title: filled.title, affected: [{ release: 'debian:12', fixed: '1.1' }, {}] },
    ]);
  });

  it.each([
    [
      'a release that there is none',
      'debain:12 acme-agent 1.1',
      'release is "debain:12": write a distribution and its version, such as debian:12.',
      'release:debain:12 package:acme-agent fixed:1.1',
    ],
    [
      'a word too few',
      'debian:12 acme-agent',
      'add needs fixed: The first version without the fault. Usage: add <id> <release> <package> <fixed> <severity> <cves> <title>',
      'release:debian:12 package:acme-agent',
    ],
    [
      'a word too many',
      'debian:12 acme-agent 1.1 or later',
      'fixed is "1.1 or later": write a version as debian:12 writes them, such as 1.1-1.',
      'release:debian:12 package:acme-agent fixed:1.1 or later',
    ],
  ])(
    'answers %s with the sentence and the command to send again, and stores nothing',
    async (_, where, sentence, words) => {
      const form = await formOf(sam().command('patch add'));
      const answer = await answerOf(sam().submit(form, ...typed('ACME-2026-2', where)));
      const again = `/patch add id:ACME-2026-2 ${words} severity:critical title:${filled.title}`;
      const read = textOf(answer).replace(/\\(.)/g, '$1'); // as the client shows it
      expect(read).toBe(`⚠️ ${sentence}\nTo send it again: ${again}`);
      expect(answer.onlyFor).toBe(fake.people.bob.id);
      expect([await catalog.entered('ACME-2026-2'), await catalog.told('ACME-2026-2')]).toEqual([[], 0]);
    },
  );

  it('sent twice adds one', async () => {
    const form = await formOf(sam().command('patch add'));
    const [id, before] = ['ACME-2026-3', catalog.matched()];
    const answers = [];
    for (const _ of [1, 2]) answers.push(textOf(await answerOf(sam().submit(form, ...typed(id)))));
    expect(new Set(answers)).toEqual(new Set([`✅ ${accepted.replace('2026-1', '2026-3')}`]));
    expect(await catalog.entered(id)).toHaveLength(1);
    expect([await catalog.told(id), catalog.matched() - before]).toEqual([1, 1]);
  });

  it('is not opened for somebody who may not add, and takes nothing from them', async () => {
    const refusal = 'You need the role operator for this. You have: approver.';
    expect(textOf(await answerOf(fake.human('ann').command('patch add')))).toBe(`⚠️ ${refusal}`);
    const form = await formOf(sam().command('patch add'));
    const answer = await answerOf(fake.human('ann').submit(form, ...typed('ACME-2026-4')));
    expect(textOf(answer)).toContain(refusal);
    expect(await catalog.entered('ACME-2026-4')).toEqual([]);
  });

  it('is not needed by who fills in every option', async () => {
    const answer = await answerOf(sam().command('patch add', { ...filled, id: 'ACME-2026-5' }));
    expect(textOf(answer)).toBe(`✅ ${accepted.replace('2026-1', '2026-5')}`);
  });

  it('obeys Discord: nothing late or twice, nothing that its OpenAPI document forbids, no warning', () => {
    const complaints = log.lines.filter(({ level }) => level !== 'info');
    const found = { faults: fake.faults, violations: fake.violations, complaints };
    expect(found).toEqual({ faults: [], violations: [], complaints: [] });
  });
});
