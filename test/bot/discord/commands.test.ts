import { describe, expect, it } from 'vitest';
import { commandOf, wordsOf } from '../../../bot/discord/commands.ts';
import { verbsFor } from '../../../bot/handlers/index.ts';
import type { VerbHelp } from '../../../bot/handlers/press.ts';
import type { World } from '../../../domain/ports.ts';
import { verbs } from './desk.ts';

const verb = (name: string, summary = 'Does it'): VerbHelp => ({ name, summary, options: [] });
const many = (count: number, prefix = 'verb'): VerbHelp[] =>
  Array.from({ length: count }, (_, n) => verb(`${prefix}${n}`));
const names = (from: readonly VerbHelp[]) => commandOf(from).body.options?.map(({ name }) => name) ?? [];

describe('the /patch command', () => {
  it('has a subcommand per verb, and a group for verbs of two words', () => {
    const { body, verbAt } = commandOf(verbs);
    expect(names(verbs)).toEqual(['help', 'rollback', 'device']);
    expect(body.options?.[2]).toMatchObject({
      type: 2,
      description: 'list, show',
      options: [{ name: 'list' }, { name: 'show' }],
    });
    expect([verbAt('device show')?.name, verbAt('help')?.name, verbAt('device')]).toEqual([
      'device show',
      'help',
      undefined,
    ]);
  });

  it('moves what has no room on the first level to the group "more", where it means the same', () => {
    const { body, verbAt } = commandOf([...many(25), verb('device list')]);
    expect(body.options).toHaveLength(25);
    expect(body.options?.find(({ name }) => name === 'more')).toMatchObject({
      options: [{ name: 'verb23' }, { name: 'verb24' }],
    });
    expect(verbAt('more verb24')?.name).toBe('verb24');
  });

  it('moves a verb that has the name of a group, which Discord does not allow beside each other', () => {
    const { verbAt } = commandOf([verb('freeze'), verb('freeze list')]);
    expect([verbAt('more freeze')?.name, verbAt('freeze list')?.name]).toEqual(['freeze', 'freeze list']);
  });

  it('has room for every verb of the product, each under its own name', () => {
    const world = {} as World; // making the verbs only describes them: nothing is read from the world until one runs
    const own = verbsFor(world);
    const { body, verbAt } = commandOf(own);
    expect(own.filter(({ name }) => verbAt(name)?.name !== name)).toEqual([]);
    expect(JSON.stringify(body)).not.toContain('…');
  });

  it('shortens descriptions evenly until the whole fits', () => {
    const wordy = many(24).map((one) => ({ ...one, summary: 'word '.repeat(40) }));
    const wordier = wordy.map((one) => ({
      ...one,
      options: ['a', 'b', 'c'].map((name) => ({
        name,
        description: 'word '.repeat(20),
        required: false,
        suggests: false,
      })),
    }));
    const { body } = commandOf(wordier);
    expect(JSON.stringify(body).match(/word/g)?.length).toBeGreaterThan(96);
    const counted = JSON.stringify(body, (key, value) =>
      ['name', 'description', 'options'].includes(key) || key === '' || /^\d+$/.test(key) ? value : undefined,
    );
    const text = [...counted.matchAll(/"(?:name|description)":"([^"]*)"/g)].reduce(
      (sum, [, found = '']) => sum + found.length,
      0,
    );
    expect(text).toBeLessThanOrEqual(4000);
  });

  it.each([
    ['a name that is not lower case', [verb('Help')], '"Help"'],
    [
      'more verbs than two levels hold',
      [...many(24, 'g').map(({ name }) => verb(`${name} x`)), ...many(26)],
      '25 verbs in a group',
    ],
    ['more groups than one level holds', many(26, 'g').map(({ name }) => verb(`${name} x`)), 'need 26'],
  ])('is refused at start for %s, with what is wrong', (_, given, sentence) => {
    expect(() => commandOf(given)).toThrow(
      expect.objectContaining({ code: 'chat.refused', message: expect.stringContaining(sentence) }),
    );
  });
});

describe('the words of a command', () => {
  const rollback = verbs[1] ?? verb('missing');

  it('follow the order of the verb, not the order in which they were filled in', () => {
    expect(
      wordsOf(
        rollback,
        new Map([
          ['patch', 'openssl'],
          ['device', 'web-1'],
        ]),
      ),
    ).toEqual(['web-1', 'openssl']);
  });

  it('may not have a gap', () => {
    expect(
      wordsOf(
        rollback,
        new Map([
          ['device', 'web-1'],
          ['reason', 'slow'],
        ]),
      ),
    ).toEqual({ missing: 'patch' });
  });
});
