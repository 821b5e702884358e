import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellLine } from '../../../workers/remote/quote.ts';
import { seeded } from '../../random.ts';

const nasty =
  `' '' '\\'' " \\ \`id\` $(id) $\{IFS} $HOME ; && | > < ! # * ? ~ [a] {a,b} -oDpkg::Pre-Invoke::=id -- A=b ../../etc %s a é 漢 😀`
    .split(' ')
    .concat(['\n', '\r\n', '\t', ' ', '\u0001', '\u001b[31m', '\u007f', '\u2028']);
const hostile = (random: () => number) =>
  Array.from({ length: Math.floor(random() * 8) }, () => nasty[Math.floor(random() * nasty.length)]).join('');

describe('a shell line', () => {
  it('gives a real shell back exactly 10,000 hostile arguments', () => {
    const seed = 20261123;
    const random = seeded(seed);
    for (let batch = 0; batch < 100; batch++) {
      const wanted = Array.from({ length: 100 }, () => hostile(random));
      const got = execFileSync('sh', ['-c', shellLine(['printf', '%s\\0', ...wanted])]).toString();
      expect(got.split('\0').slice(0, -1), `seed ${seed}, batch ${batch}`).toEqual(wanted);
    }
  });

  it('runs a program whose name looks like an assignment or a reserved word as a program', () => {
    for (const name of ['A=b', 'if', '~', '#x']) {
      const run = () =>
        execFileSync('sh', ['-c', shellLine([name])], { stdio: 'pipe', env: { PATH: '/usr/bin:/bin' } });
      expect(run).toThrow(/not found/);
    }
  });

  it.each([
    ['NUL', ['echo', 'a\0b']],
    ['half a surrogate pair', ['echo', '\ud800']],
    ['no program', []],
    ['an empty program', ['', 'a']],
    ['an option of exec', ['-c', 'a']],
    ['more than an argument of a shell may hold', ['echo', 'x'.repeat(131_072)]],
  ])('is refused for %s', (_what, argv) => {
    expect(() => shellLine(argv)).toThrow(expect.objectContaining({ code: 'shell.bad-argument', retryable: false }));
  });

  it('of the longest size still runs', () => {
    const text = 'x'.repeat(131_071 - "exec 'printf' '%s' ''".length);
    expect(execFileSync('sh', ['-c', shellLine(['printf', '%s', text])]).length).toBe(text.length);
  });
});
