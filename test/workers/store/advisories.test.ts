import { beforeAll, describe, expect, it } from 'vitest';
import type { Advisory } from '../../../domain/model/advisory.ts';
import { affects } from '../../domain/intel/make.ts';
import { day, newFeeds, nothing } from './advisory-feeds.ts';

const { newFeed, documents } = newFeeds();

describe('the store of advisories', () => {
  it('gives back what was delivered, every field of it', async () => {
    const { one, deliver, byId } = newFeed();
    const whole = one('DSA-1-1', {
      title: 'Übung <b>& more</b>',
      text: 'Two\nlines',
      kind: 'bugfix',
      cves: ['CVE-2024-0001', 'CVE-2024-10000'],
      severity: 'important',
      vendorSeverity: 'High',
      affected: [
        affects('debian:12', 'openssl', '1.2-3'),
        { ...affects('almalinux:9', 'nodejs', null), names: 'binary', introduced: '1:1', module: 'nodejs:18' },
        { ...affects('ubuntu:24.04', 'vim', '9'), status: 'unknown', requires: 'ubuntu-pro' },
      ],
      published: day('2024-01-02'),
      modified: day('2024-01-03'),
      reboot: true,
      livepatch: true,
      references: ['https://example.org/1'],
    });
    await deliver([whole]);
    expect(await byId('DSA-1-1')).toEqual(whole);
  });

  it('names what it added, changed and left alone', async () => {
    const { one, key, deliver } = newFeed();
    const first = [one('A'), one('B')];
    expect(await deliver(first)).toEqual({ ...nothing, added: [key('A'), key('B')], same: 0 });
    expect(await deliver(first)).toEqual({ ...nothing, same: 2 });
    const second = [one('A'), one('B', { title: 'other' }), one('C')];
    expect(await deliver(second)).toEqual({ ...nothing, added: [key('C')], changed: [key('B')], same: 1 });
  });

  it('does not write what has not changed', async () => {
    const { one, key, deliver, byId } = newFeed();
    await deliver([one('A', { title: 'as delivered' })]);
    await documents().updateOne({ _id: key('A') }, { $set: { title: 'as marked by this test' } });
    await deliver([one('A', { title: 'as delivered' })]);
    expect((await byId('A'))?.title).toBe('as marked by this test');
    await deliver([one('A', { title: 'as delivered anew' })]);
    expect((await byId('A'))?.title).toBe('as delivered anew');
  });

  it('sees no change in the order of fields, nor in fields that it does not know', async () => {
    const { one, deliver } = newFeed();
    const usual = one('A', { affected: [affects('debian:12', 'vim', '1')] });
    await deliver([usual]);
    const turned = Object.fromEntries(Object.entries({ ...usual, extra: 1 }).reverse()) as unknown as Advisory;
    expect(await deliver([turned])).toMatchObject({ changed: [], same: 1 });
  });

  it.each([
    ['an entry of what is affected', { affected: [affects('debian:12', 'vim', '2')] }],
    ['a date', { modified: day('2024-02-02') }],
    ['a flag', { reboot: true }],
  ])('sees a change of %s', async (_what, change) => {
    const { one, key, deliver } = newFeed();
    const usual = one('A', { affected: [affects('debian:12', 'vim', '1')], modified: day('2024-01-01') });
    await deliver([usual]);
    expect(await deliver([{ ...usual, ...change }])).toMatchObject({ changed: [key('A')], same: 0 });
  });

  it('takes the first of two with one id, so that they do not change each other with every delivery', async () => {
    const { one, key, deliver, byId } = newFeed();
    const twice = [one('A', { title: 'first' }), one('A', { title: 'second' })];
    expect(await deliver(twice)).toMatchObject({ added: [key('A')], same: 0 });
    expect(await deliver(twice)).toMatchObject({ changed: [], same: 1 });
    expect((await byId('A'))?.title).toBe('first');
  });

  it('keeps the same id of two feeds apart', async () => {
    const [debian, other] = [newFeed(), newFeed()];
    await debian.deliver([debian.one('SAME-1', { title: 'of one' })]);
    await other.deliver([other.one('SAME-1', { title: 'of the other' })], { complete: true });
    const found = await debian.store.named('SAME-1');
    expect(found.map(({ title }) => title).sort()).toEqual(['of one', 'of the other']);
  });

  it('refuses an advisory of another feed: that is a bug', async () => {
    const { one, deliver } = newFeed();
    await expect(deliver([one('A', { feed: 'someone-else' })])).rejects.toThrow(/wrong-feed/);
  });
});

describe('looking advisories up', () => {
  it('finds those that name a CVE, newest first, those without a date last', async () => {
    const { store, one, deliver } = newFeed();
    const named = (id: string, published: Date | null) => one(id, { cves: ['CVE-1999-0001'], published });
    const other = one('E', { cves: ['CVE-1999-00011'], published: day('2030-01-01') });
    await deliver([named('A', null), named('B', day('2024-01-01')), named('C', day('2025-01-01')), other]);
    const found = async (limit: number) => (await store.naming('CVE-1999-0001', limit)).map(({ id }) => id);
    expect(await found(10)).toEqual(['C', 'B', 'A']);
    expect(await found(2)).toEqual(['C', 'B']);
  });

  it('gives those that exist of many keys', async () => {
    const { store, one, key, deliver } = newFeed();
    await deliver([one('A'), one('B')]);
    expect((await store.byKey([key('B'), key('nope'), key('A')])).map(({ id }) => id).sort()).toEqual(['A', 'B']);
    expect(await store.byKey([])).toEqual([]);
  });

  it('streams those of some releases in order of key, without withdrawn ones', async () => {
    const { store, one, deliver } = newFeed();
    const on = (id: string, ...releases: string[]) =>
      one(id, { affected: releases.map((release) => affects(release, 'vim', '1')) });
    await deliver([on('D', 'x:1'), on('B', 'x:1', 'x:2'), on('C', 'x:3'), on('A', 'x:2'), on('E', 'x:1')]);
    await deliver([], { gone: ['E'] });
    const found = async (releases: readonly string[]) => {
      const ids: string[] = [];
      for await (const { id } of store.forReleases(releases)) ids.push(id);
      return ids;
    };
    expect(await found(['x:1', 'x:2'])).toEqual(['A', 'B', 'D']);
    expect(await found(['x:3'])).toEqual(['C']);
    expect(await found(['x:4'])).toEqual([]);
    expect(await found([])).toEqual([]);
  });

  it('knows every CVE that is named', async () => {
    const { store, one, deliver } = newFeed();
    await deliver([one('A', { cves: ['CVE-2001-0001'] }), one('B', { cves: ['CVE-2001-0001', 'CVE-2001-0002'] })]);
    const all = await store.cves();
    expect(['CVE-2001-0001', 'CVE-2001-0002', 'CVE-2001-0003'].map((cve) => all.has(cve))).toEqual([true, true, false]);
  });
});

describe('searching advisories', () => {
  let store: ReturnType<typeof newFeed>['store'];
  beforeAll(async () => {
    const { one, deliver, store: made } = newFeed();
    store = made;
    await deliver([
      one('QSN-7270-1', { title: 'Qopenssl vulnerabilities', published: day('2025-02-01') }),
      one('QLSA-2024:8793', {
        title: 'Moderate: qthunderbird security update',
        affected: [affects('almalinux:9', 'qthunderbird', '1'), affects('almalinux:9', 'libqssl3t64', '1')],
        published: day('2024-11-04'),
      }),
      one('QSA-2020-1', { title: 'qopenssl: g++ crash (fixed)', published: day('2020-01-01') }),
      one('QSA-2019-9', { title: 'Überlauf in qfoo', published: null }),
      one('QSA-2018-1', { title: 'a.b.qq*c', published: day('2018-01-01') }),
    ]);
  });
  const found = async (text: string, limit = 10) => (await store.search(text, limit)).map(({ id }) => id);

  it.each([
    ['a word of the title, any case, newest first', 'QOPENSSL', ['QSN-7270-1', 'QSA-2020-1']],
    ['the beginning of a word', 'qopen', ['QSN-7270-1', 'QSA-2020-1']],
    ['all of several words', 'crash qopenssl', ['QSA-2020-1']],
    ['an id', 'qsn-7270-1', ['QSN-7270-1']],
    ['an id with a colon', 'QLSA-2024:8793', ['QLSA-2024:8793']],
    ['the number of an id', 'qopenssl 7270', ['QSN-7270-1']],
    ['the middle of an id', '7270-1', ['QSN-7270-1']],
    ['the beginning of an id', 'qsn-72', ['QSN-7270-1']],
    ['a package that the title does not name', 'libqssl3', ['QLSA-2024:8793']],
    ['a word before a colon', 'moderate: qthunderbird', ['QLSA-2024:8793']],
    ['signs that mean something to a pattern', 'qopenssl g++', ['QSA-2020-1']],
    ['letters that are not English', 'überlauf', ['QSA-2019-9']],
  ])('finds %s', async (_what, text, ids) => {
    expect(await found(text)).toEqual(ids);
  });

  it.each([['qopenssl nowhere'], ['.*'], ['q.penssl'], ['q*'], ['']])('finds nothing for "%s"', async (text) => {
    expect(await found(text)).toEqual([]);
  });

  it('gives no more than was asked for', async () => {
    expect(await found('qopenssl', 1)).toEqual(['QSN-7270-1']);
  });

  it('gives the newest of more than a thousand hits, also when all are old', async () => {
    const { one, deliver } = newFeed();
    const start = day('1990-01-01').getTime();
    const all = Array.from({ length: 1100 }, (_, at) =>
      one(`Z-${at}`, { title: 'zmany', published: new Date(start + ((at * 7) % 1100) * 86_400_000) }),
    );
    await deliver([...all, one('Z-none', { title: 'zmany' })]);
    const newest = all.toSorted((a, b) => (b.published?.getTime() ?? 0) - (a.published?.getTime() ?? 0)).slice(0, 5);
    expect(await found('zmany', 5)).toEqual(newest.map(({ id }) => id));
  });
});
