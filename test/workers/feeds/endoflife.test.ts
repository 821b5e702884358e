/** Product lifecycles in the three forms in which endoflife.date has published them, broken ones, and syncs. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { endoflife } from '../../../workers/feeds/endoflife.ts';
import { all, newShelf, recorded, wanting } from './shelf.ts';

const shelf = newShelf();
const noble = {
  name: '24.04',
  label: "24.04 'Noble'",
  eolFrom: '2029-05-31',
  isEol: false,
  latest: { name: '24.04.4' },
};
const ubuntu = { name: 'ubuntu', releases: [noble] };
const full = (products: readonly unknown[], generated_at: unknown = '2026-09-07T08:04:15+00:00') =>
  JSON.stringify({ schema_version: '1.2.1', generated_at, total: products.length, result: products });
const read = (text: string | Buffer, name = 'full.json') => all(endoflife.read(shelf.put(name, text), wanting()));

describe('the endoflife.date feed', () => {
  it('reads all products of version 1 of the API', async () => {
    const rolling = { name: 'rolling', eolFrom: null, latest: null };
    const chrome = { name: 'chrome', releases: [{ name: '150', isEol: true, latest: { name: '150.0.1' } }] };
    const { lifecycles, dropped } = await read(full([{ ...ubuntu, releases: [noble, rolling] }, chrome]));
    expect(lifecycles).toEqual([
      { product: 'ubuntu', cycle: '24.04', eol: '2029-05-31', latest: '24.04.4' },
      { product: 'ubuntu', cycle: 'rolling', eol: null, latest: null },
      { product: 'chrome', cycle: '150', eol: null, latest: '150.0.1' },
    ]);
    expect(dropped).toEqual([]);
  });

  it('reads one product of version 1 of the API', async () => {
    const text = JSON.stringify({ schema_version: '1.2.1', result: ubuntu });
    expect((await read(text)).lifecycles).toMatchObject([{ product: 'ubuntu', cycle: '24.04' }]);
  });

  it('reads a product of the API before, which is named by its file', async () => {
    const cycles = [
      { cycle: '12', eol: '2026-06-10', latest: '12.14', lts: '2028-06-30' },
      { cycle: 11, eol: true, latest: '11.11' },
      { cycle: '14', eol: false },
    ];
    expect((await read(JSON.stringify(cycles), 'debian.json.gz')).lifecycles).toEqual([
      { product: 'debian', cycle: '12', eol: '2026-06-10', latest: '12.14' },
      { product: 'debian', cycle: '11', eol: null, latest: '11.11' },
      { product: 'debian', cycle: '14', eol: null, latest: null },
    ]);
  });

  const real = recorded('eol');
  const cyclesOf = async (product: string) => {
    const { lifecycles, dropped } = await all(endoflife.read(`${real}/${product}.json`, wanting()));
    expect(dropped).toEqual([]);
    return lifecycles;
  };
  it.skipIf(!real).each([
    ['almalinux', 0],
    ['chrome', 91],
    ['debian', 18],
    ['firefox', 0],
    ['nginx', 0],
    ['nodejs', 0],
    ['openssl', 5],
    ['postgresql', 29],
    ['rhel', 3],
    ['ubuntu', 0],
  ])('reads the recorded file of %s with %d cycles', async (product, count) => {
    const lifecycles = await cyclesOf(product);
    expect(lifecycles).toHaveLength(count);
    expect(lifecycles.every((one) => one.product === product)).toBe(true);
  });
  it.skipIf(!real)('finds the latest version of a cycle among the recorded ones by its day', async () => {
    expect(await cyclesOf('debian')).toContainEqual({
      product: 'debian',
      cycle: '13',
      eol: expect.any(String),
      latest: '13.6',
    });
    expect(await cyclesOf('postgresql')).toContainEqual({
      ...{ product: 'postgresql', cycle: '9.6', eol: '2021-11-11', latest: '9.6.24' },
    });
  });

  it('does not take 9.60 for a version of 9.6', async () => {
    const versions = { a: { name: '9.60', date: '2026-01-01' }, b: { name: '9.6.1', date: '2020-01-01' } };
    const text = JSON.stringify({ releases: { '9.6': { name: '9.6', eol: '2021-11-11' } }, versions });
    expect((await read(text, 'postgresql.json')).lifecycles).toMatchObject([{ latest: '9.6.1' }]);
  });

  it.each([
    ['a number for a name', { ...noble, name: 24.04 }, 'ubuntu, release 2'],
    ['no name', { ...noble, name: '' }, 'ubuntu, release 2'],
    ['a name of nothing but invisible characters', { ...noble, name: '\u202e\u200b' }, 'ubuntu, release 2'],
    ['a name of a thousand letters', { ...noble, name: 'x'.repeat(1000) }, 'ubuntu, release 2'],
    ['a day that does not exist', { ...noble, eolFrom: '2029-02-30' }, 'ubuntu, release 2'],
    ['a negative year', { ...noble, eolFrom: '-2029-05-31' }, 'ubuntu, release 2'],
    ['a number for a day', { ...noble, eolFrom: 2029 }, 'ubuntu, release 2'],
    ['a text for the latest version', { ...noble, latest: '24.04.4' }, 'ubuntu, release 2'],
    ['null for a release', null, 'ubuntu, release 2'],
  ])('drops and counts a release with %s, and keeps the others', async (_, bad, where) => {
    const { lifecycles, dropped } = await read(full([{ name: 'ubuntu', releases: [noble, bad, noble] }]));
    expect(lifecycles).toHaveLength(2);
    expect(dropped).toMatchObject([{ where }]);
  });

  it.each([
    ['markup in its name', { ...ubuntu, name: '<script>' }],
    ['no releases', { name: 'ubuntu' }],
    ['a number for its releases', { name: 'ubuntu', releases: 5 }],
  ])('drops and counts a product with %s, and keeps the others', async (_, bad) => {
    const { lifecycles, dropped } = await read(full([bad, ubuntu]));
    expect(lifecycles).toHaveLength(1);
    expect(dropped).toMatchObject([{ where: 'product 1', why: expect.not.stringContaining('<script>') }]);
  });

  it('takes invisible characters out of the names of versions', async () => {
    const latest = { name: '24.04.4\u202e\u0007\n' };
    const { lifecycles } = await read(full([{ name: 'ubuntu', releases: [{ ...noble, latest }] }]));
    expect(lifecycles).toMatchObject([{ latest: '24.04.4' }]);
  });

  it.each([
    ['a web page', '<!doctype html><title>Sorry</title>'],
    ['an empty file', ''],
    ['half a file', full([ubuntu]).slice(0, 90)],
    ['other JSON', '{"vulnerabilities":[]}'],
    ['a list of something else', '[1,2,3]'],
    ['an empty list', '[]'],
    ['no products', full([])],
    ['a result of something else', '{"result":{"items":[]}}'],
  ])('refuses %s', async (_, text) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'feed.unreadable' });
  });

  it('refuses a truncated gzip', async () => {
    const packed = gzipSync(full([ubuntu]));
    await expect(read(packed.subarray(0, packed.length - 10), 'full.json.gz')).rejects.toMatchObject({
      code: 'feed.unreadable',
    });
  });

  it('refuses a file of the API before whose name cannot be a product', async () => {
    await expect(read('[{"cycle":"12"}]', 'my files (1).json')).rejects.toThrow(/named after its product/);
  });

  it('reads an archive with a file for each product', async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'patchherd-eol-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    writeFileSync(path.join(dir, 'debian.json'), '[{"cycle":"12","eol":"2026-06-10"}]');
    writeFileSync(path.join(dir, 'ubuntu.json'), JSON.stringify({ result: ubuntu }));
    execFileSync('tar', ['-czf', 'all.tar.gz', 'debian.json', 'ubuntu.json'], { cwd: dir });
    const { lifecycles } = await all(endoflife.read(path.join(dir, 'all.tar.gz'), wanting()));
    expect(lifecycles.map(({ product, cycle }) => `${product} ${cycle}`)).toEqual(['debian 12', 'ubuntu 24.04']);
  });
});

describe('a sync of the endoflife.date feed', () => {
  it('is complete with all products, tells when they were collected, and brings nothing while they are the same', async () => {
    shelf.put('products/full', full([ubuntu]));
    const sync = () => shelf.sync(endoflife, 'products/full', null, wanting());
    expect(await sync()).toMatchObject({
      complete: true,
      asOf: '2026-09-07T08:04:15.000Z',
      lifecycles: [{ product: 'ubuntu' }],
    });
    expect(await sync()).toBeNull();
  });

  it('is not complete with one product, which the address names', async () => {
    shelf.put('api/debian.json', '[{"cycle":"12","eol":"2026-06-10"}]');
    expect(await shelf.sync(endoflife, 'api/debian.json', null, wanting())).toMatchObject({
      complete: false,
      lifecycles: [{ product: 'debian', cycle: '12' }],
    });
  });
});
