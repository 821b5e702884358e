import { describe, expect, it } from 'vitest';
import { apt } from '../../../domain/backends/apt.ts';
import { backendById } from '../../../domain/backends/index.ts';
import { opId } from './apt-device.ts';

describe('the apt backend', () => {
  it('is found by its id', () => {
    expect(backendById('apt')).toBe(apt);
  });

  it.each([
    ['debian', [], true],
    ['ubuntu', ['debian'], true],
    ['linuxmint', ['ubuntu', 'debian'], true],
    ['fedora', [], false],
    ['rocky', ['rhel', 'centos', 'fedora'], false],
    ['alpine', [], false],
  ])('for %s, like %j: %s', (id, like, fits) => {
    expect(apt.fits({ id, like })).toBe(fits);
  });

  it('calls the helper without arguments, as root or through sudo', () => {
    const order = { op: 'poll', id: opId('x') } as const;
    expect(apt.order(order, 'none')).toEqual({ argv: [apt.helper.path], stdin: '{"op":"poll","id":"x"}' });
    expect(apt.order(order, 'sudo').argv).toEqual(['sudo', '-n', apt.helper.path]);
  });

  it('names the version in the helper itself', () => {
    expect(apt.helper.script).toMatch(new RegExp(`^#!/bin/sh\\n# version: ${apt.helper.version}\\n`));
  });

  it.each([
    ['{"kind":"started"}', { kind: 'started' }],
    ['A greeting\n{"kind":"running"}\n', { kind: 'running' }],
    ['{"kind":"ready","undo":"none","log":"x"}', { kind: 'ready', undo: 'none', log: 'x' }],
    [
      '{"kind":"done","code":0,"log":"a\\nb","packages":[{"name":"a","arch":"all","version":null,"whole":true}]}',
      { kind: 'done', code: 0, log: 'a\nb', packages: [{ name: 'a', arch: 'all', version: null, whole: true }] },
    ],
    ['{"kind":"refused","code":"helper.busy","text":"x"}', { kind: 'refused', code: 'helper.busy', text: 'x' }],
  ])('reads the answer %s', (stdout, answer) => {
    expect(apt.readAnswer(stdout)).toEqual(answer);
  });

  it.each([
    '',
    'sudo: a password is required',
    'null',
    '[]',
    '{"kind":"start',
    '{"kind":"great"}',
    '{"kind":"ready","undo":"maybe","log":""}',
    '{"kind":"done","code":"0","log":"","packages":[]}',
    '{"kind":"done","code":0,"log":"","packages":[{"name":"a"}]}',
    '{"kind":"refused","code":"helper.made-up","text":"x"}',
    '{"kind":"refused","code":"helper.busy"}',
  ])('refuses the answer %j', (stdout) => {
    expect(() => apt.readAnswer(stdout)).toThrow(expect.objectContaining({ code: 'helper.unreadable' }));
  });
});
