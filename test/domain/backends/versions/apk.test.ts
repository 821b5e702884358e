import { describe, expect, it } from 'vitest';
import { compareApk } from '../../../../domain/backends/versions/apk.ts';
import { expectAnAnswer, expectAnOrder, someVersions } from './laws.ts';
import { recordedPairs, wronglyOrdered } from './recorded.ts';

const pairs = recordedPairs('apk');

describe('the order of Alpine versions', () => {
  it.skipIf(!pairs)('is that of apk for every recorded pair, both ways round', () => {
    expect(pairs?.length).toBe(9177);
    expect(wronglyOrdered(compareApk, pairs ?? [])).toEqual([]);
  });

  it.skipIf(!pairs)('calls none of the recorded versions invalid: no pair holds a text that apk takes for none', () => {
    const texts = (pairs ?? []).flatMap(({ a, b }) => [a, b]);
    expect(texts.filter((text) => compareApk(text, text) !== 0)).toEqual([]);
  });

  it.each([
    ['numbers are numbers', '1.10', '1.9', 1],
    ['more numbers are newer', '1.0.1', '1.0', 1],
    ['a leading zero makes the second number text', '1.05', '1.1', -1],
    ['text of zeros is longer, so newer', '1.0', '1.00', -1],
    ['text and number meet as text', '1.10', '1.09', 1],
    ['the first number is never text', '01', '1', 0],
    ['a letter is newer', '1.0a', '1.0', 1],
    ['a letter is older than another number', '1.0a', '1.0.0', -1],
    ['letters have their order', '1.0b', '1.0c', -1],
    ['alpha is before beta', '1_alpha', '1_beta', -1],
    ['beta is before pre', '1_beta', '1_pre', -1],
    ['pre is before rc', '1_pre', '1_rc', -1],
    ['rc is before the version itself', '1_rc9', '1', -1],
    ['rc is before the first revision', '1.6_rc2-r1', '1.6-r0', -1],
    ['cvs is after the version', '1_cvs', '1', 1],
    ['cvs is before svn', '1_cvs', '1_svn', -1],
    ['svn is before git', '1_svn', '1_git', -1],
    ['git is before hg', '1_git', '1_hg', -1],
    ['hg is before p', '1_hg', '1_p', -1],
    ['a numbered suffix is after the bare one', '1_rc', '1_rc1', -1],
    ['the count of a suffix is a number', '1_p9', '1_p10', -1],
    ['a suffix after a suffix counts', '1_p1_rc1', '1_p1', -1],
    ['a commit is newer than none', '1.0~1234', '1.0', 1],
    ['commits compare as text', '1.0~12', '1.0~9', -1],
    ['a revision is newer than none', '1.0-r0', '1.0', 1],
    ['revisions are numbers', '1.0-r9', '1.0-r10', -1],
    ['numbers may be longer than any machine word', `1.${'9'.repeat(200)}`, `1.1${'0'.repeat(200)}`, -1],
  ] as const)('holds that %s', (_, a, b, order) => {
    expect(compareApk(a, b)).toBe(order);
    expect(compareApk(b, a)).toBe(0 - order);
  });

  it.each([
    ...['', 'a', '.1', '1.', '1..2', '1.0A', '1.0ab', '1.0a1', '5.7.1p1-r0', '1_', '1_foo', '1_rc_', '1.0_1'],
    ...['1-1', '1-r', '1-rx', '1-r1-r2', '1-r1_rc1', '1~', '1~xyz', '1~12~34', '1 ', ' 1', '1\n', '1\0', '1:1', '0:1'],
    `1.${'0'.repeat(511)}`,
  ])('says that %j is no version, so that it never reads as fixed', (text) => {
    expect(compareApk(text, '1.0')).toBeNull();
    expect(compareApk('1.0', text)).toBeNull();
    expect(compareApk(text, text)).toBeNull();
  });

  it('is an order', () => {
    const beginnings = ['0', '1', '01', '2.0', '1.1', '1.05'];
    const pieces = [
      '.0',
      '.1',
      '.00',
      '.05',
      '.10',
      'a',
      'b',
      '_rc',
      '_alpha1',
      '_p',
      '_p2',
      '_git10',
      '~1f',
      '-r0',
      '-r10',
    ];
    expectAnOrder(compareApk, someVersions(compareApk, { beginnings, pieces, seed: 12, count: 400 }));
  });

  it('answers hostile texts', () => {
    expectAnAnswer(compareApk, '1.0-r0');
  });
});
