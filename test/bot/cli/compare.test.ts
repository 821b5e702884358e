import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compareLines } from '../../../bot/cli/compare.ts';
import { compareDeb } from '../../../domain/backends/versions/deb.ts';
import { recordedPairs } from '../../domain/backends/versions/recorded.ts';
import { makePlace, type Place } from './shell.ts';

vi.setConfig({ testTimeout: 120_000 }); // processes, each of which compiles the shell, on a busy machine
let place: Place;
beforeAll(async () => {
  place = await makePlace();
});
afterAll(() => place?.remove());

const run = (kind: string, input: string) => place.start(['compare', kind], {}, input).ended;
const pairs = recordedPairs('rpm');

describe('patchherd compare', () => {
  it('answers every line with one of -1, 0, 1 and ?, and needs nothing set up', async () => {
    const deb = await run('deb', '1.0~rc1\t1.0\n1:1\t2\r\n1.0\t1.0-0\nnot one\t1.0');
    expect(deb).toEqual({ code: 0, stdout: '-1\n1\n0\n?\n', stderr: '' });
    const apk = await run('apk', '1.0_rc1\t1.0\n5.7.1p1-r0\t5.7.1-r0\n');
    expect(apk).toEqual({ code: 0, stdout: '-1\n?\n', stderr: '' });
    expect(await run('rpm', '')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it.skipIf(!pairs)('gives the recorded answers for rpm', async () => {
    const { code, stdout } = await run('rpm', (pairs ?? []).map(({ a, b }) => `${a}\t${b}\n`).join(''));
    expect(stdout).toBe((pairs ?? []).map(({ expected }) => `${expected}\n`).join(''));
    expect(code).toBe(0);
  });

  it('answers what is no pair with ?, names its line, goes on, and ends with 2', async () => {
    const { code, stdout, stderr } = await run('deb', `1\t2\n1 2\n\n1\t2\t3\n${'9'.repeat(200_000)}\t1\n2\t1\n`);
    expect(stdout).toBe('-1\n?\n?\n?\n?\n1\n');
    const wrong = 'must be two versions and one TAB between them.';
    const long = 'Line 5 is longer than 4096 characters.';
    expect(stderr.trimEnd().split('\n')).toEqual([`Line 2 ${wrong}`, `Line 3 ${wrong}`, `Line 4 ${wrong}`, long]);
    expect(code).toBe(2);
  });

  it('refuses a kind that it does not know', async () => {
    const { code, stdout, stderr } = await run('npm', '1\t2\n');
    expect([code, stdout, stderr]).toEqual([2, '', '"npm" is no kind of version: say deb, rpm, apk.\n']);
  });

  it('streams a million lines', async () => {
    const { code, stdout } = await run('deb', '1.0-1\t1.0-2\n'.repeat(1_000_000));
    expect(stdout.length).toBe(3 * 1_000_000);
    expect(stdout.replaceAll('-1\n', '')).toBe('');
    expect(code).toBe(0);
  });
});

describe('lines', () => {
  it('are answered as they come, wherever the chunks are cut', async () => {
    const [from, to, warn] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const done = compareLines(compareDeb, from, to, warn);
    from.write('1\t');
    from.write('2\n2\t1');
    await once(to, 'readable');
    expect(String(to.read())).toBe('-1\n');
    from.end('\n1\t1');
    expect(await done).toBe(true);
    expect(String(to.read())).toBe('1\n0\n');
    expect(warn.read()).toBeNull();
  });

  it('that never end are not kept in memory, and one answer each', async () => {
    const [from, to, warn] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const done = compareLines(compareDeb, from, to, warn);
    for (let chunk = 0; chunk < 50; chunk += 1) from.write('1'.repeat(10_000));
    from.write('1'.repeat(20));
    from.write('\n1\t2\n');
    from.end('1'.repeat(5000));
    expect(await done).toBe(false);
    expect(String(to.read())).toBe('?\n-1\n?\n');
    expect(String(warn.read())).toBe(
      'Line 1 is longer than 4096 characters.\nLine 3 is longer than 4096 characters.\n',
    );
  });
});
