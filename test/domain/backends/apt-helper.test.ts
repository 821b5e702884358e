/** Which orders the root helper takes, how often, from whom, and when it refuses because apt would do something else. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from '../../../demo/apt-root.ts';
import { missingPrograms } from '../../../demo/repository.ts';
import { apt } from '../../../domain/backends/apt.ts';
import type { HelperAnswer } from '../../../domain/backends/backend.ts';
import { type AptDevice, item, makeAptDevice, noApt, opId } from './apt-device.ts';

const agent = [item('acme-agent', '1.0', '1.1')];

describe.skipIf(noApt)('the root helper', () => {
  let device: AptDevice;
  beforeEach(async () => {
    device = await makeAptDevice();
  });
  afterEach(() => device.remove());

  const sayRaw = async (stdin: string, argv: readonly string[] = [], env = {}): Promise<HelperAnswer> =>
    apt.readAnswer(
      (await runProgram([join(device.dir, apt.helper.path), ...argv], { ...device.env, ...env }, stdin)).stdout,
    );
  const timesUnpacked = async (name: string): Promise<number> => {
    const log = await readFile(join(device.dir, 'var/log/dpkg.log'), 'utf8');
    return log.split('\n').filter((line) => line.includes(`upgrade ${name}:`)).length;
  };

  it('takes no arguments, and no private root through sudo', async () => {
    expect(await sayRaw('{"op":"refresh"}', ['refresh'])).toMatchObject({ code: 'helper.bad-order' });
    expect(await sayRaw('{"op":"refresh"}', [], { SUDO_UID: '1000' })).toMatchObject({ code: 'helper.bad-order' });
  });

  it('refuses every order that is not exactly one of its forms, and runs nothing of it', async () => {
    const good = apt.order({ op: 'prepare', id: opId('p'), fence: 1, items: agent }, 'none').stdin ?? '';
    const changed = (from: string, to: string) => good.replace(from, to);
    const orders = [
      '',
      '{}',
      'null',
      '[]',
      '{"op":"poll"}',
      '{"op":"shell","id":"x"}',
      '{"op":"poll","id":"../x"}',
      '{"op":"poll","id":".."}',
      '{"op":"poll","id":"-x"}',
      '{"op":"poll","id":""}',
      `{"op":"poll","id":"${'x'.repeat(129)}"}`,
      '{"op":"poll","id":"x","id":"y"}',
      '{"op":"poll","id":"x"}{"op":"poll","id":"x"}',
      '{"op":"poll","id":"x"}\n{"op":"poll","id":"x"}',
      '{"op":"poll","id":"x\u0000"}',
      ' {"op":"poll","id":"x"}',
      '{"op":"install","id":"x","fence":1,"items":[],"conffiles":"keep"}',
      changed('"fence":1', '"fence":-1'),
      changed('"fence":1', '"fence":1e9'),
      changed('"fence":1', '"fence":"1"'),
      changed('acme-agent', '-oDpkg::Pre-Invoke::=touch'),
      changed('acme-agent', 'acme$(touch$IFS/owned)'),
      changed('acme-agent', 'acme`touch`'),
      changed('acme-agent', 'a;touch'),
      changed('acme-agent', 'a\\u0020b'),
      changed('acme-agent', '/tmp/x.deb'),
      changed('acme-agent', 'ä'),
      changed('"1.1"', '"1.1 -o x"'),
      changed('"1.1"', '"-o"'),
      changed('"1.1"', '1.1'),
      changed('"all"', '"a/b"'),
      changed('{"name"', '{"more":1,"name"'),
      good.padEnd(70_000, ' '),
      good.replace(/\[(.*)\]/, (_, one: string) => `[${Array(1200).fill(one).join(',')}]`),
    ];
    for (const order of orders) {
      expect(await sayRaw(order), order.slice(0, 200)).toMatchObject({ kind: 'refused', code: 'helper.bad-order' });
    }
    expect(await device.sh('ls "$DPKG_ROOT/var/lib/patchherd" 2>/dev/null')).toBe('');
  });

  it('reads an order of 600 packages', async () => {
    const many = Array.from({ length: 600 }, (_, at) => item(`acme-package-number-${at}`, '1:2.3-4+b1', '1:2.3-5~x'));
    expect(await device.prepare('p', many)).toMatchObject({ kind: 'refused', code: 'helper.plan-differs' });
  });

  it('starts the same id once, however often and however fast it is asked', async () => {
    const order = { op: 'install', id: opId('once'), fence: 1, items: agent, conffiles: 'keep' } as const;
    const answers = await Promise.all(Array.from({ length: 5 }, () => device.ask(order)));
    expect(answers).toEqual(Array(5).fill({ kind: 'started' }));
    expect((await device.outcome(order.id)).code).toBe(0);
    expect(await device.ask(order)).toEqual({ kind: 'started' });
    expect(await timesUnpacked('acme-agent')).toBe(1);
  });

  it('obeys nobody with an older fence', async () => {
    const order = { op: 'prepare', id: opId('p'), fence: 7, items: agent } as const;
    expect(await device.ask(order)).toMatchObject({ kind: 'ready' });
    const fenced = { kind: 'refused', code: 'helper.fenced' };
    expect(await device.ask({ ...order, fence: 6 })).toMatchObject(fenced);
    expect(await device.ask({ ...order, op: 'install', fence: 6, conffiles: 'keep' })).toMatchObject(fenced);
    expect(await device.ask({ op: 'undo', id: opId('u'), fence: 6, of: opId('p') })).toMatchObject(fenced);
    expect(await device.ask({ op: 'reboot', id: opId('r'), fence: 6 })).toMatchObject(fenced);
    expect(await device.ask({ ...order, fence: 7 })).toMatchObject({ kind: 'ready' });
  });

  it('does not know an id that was never started', async () => {
    expect(await device.ask({ op: 'poll', id: opId('never') })).toEqual({ kind: 'unknown-op' });
  });

  it('repeats a preparation, and repeats its answer', async () => {
    const ready = { kind: 'ready', undo: 'downgrade' };
    expect(await device.prepare('p', agent)).toMatchObject(ready);
    expect(await device.prepare('p', agent)).toMatchObject(ready);
    expect(await device.ask({ op: 'poll', id: opId('p') })).toMatchObject(ready);
  });

  it('refuses when apt would do anything else than what was approved, and says what', async () => {
    expect(await device.prepare('p', [item('acme-tool', '1.0', '1.1')])).toMatchObject({
      code: 'helper.plan-differs',
      text: 'now: acme-new all null 1.0',
    });
    expect(await device.prepare('p', [item('acme-agent', '0.9', '1.1')])).toMatchObject({
      code: 'helper.plan-differs',
    });
    expect(await device.prepare('p', [item('acme-agent', '1.0', '1.2')])).toMatchObject({
      code: 'helper.plan-differs',
      text: expect.stringContaining("Version '1.2' for 'acme-agent' was not found"),
    });
    await device.sh('apt-mark hold acme-agent');
    expect(await device.prepare('p', agent)).toMatchObject({ code: 'helper.plan-differs' });
  });

  it('refuses an install whose repository changed after the preparation', async () => {
    expect(await device.prepare('p', agent)).toMatchObject({ kind: 'ready' });
    await device.useRepositories([
      device.repositories.first,
      await device.offer('changed', [
        { name: 'acme-agent', version: '1.1', control: { Depends: 'acme-surprise' } },
        { name: 'acme-surprise', version: '1' },
      ]),
    ]);
    const order = { op: 'install', id: opId('i'), fence: 1, items: agent, conffiles: 'keep' } as const;
    expect(await device.ask(order)).toMatchObject({
      code: 'helper.plan-differs',
      text: 'now: acme-surprise all null 1',
    });
    expect(await device.ask({ op: 'poll', id: opId('i') })).toEqual({ kind: 'unknown-op' });
  });

  it('is a script that sh accepts, and shellcheck where it is installed', async () => {
    const file = join(device.dir, 'helper.sh');
    const scripts = [apt.helper.script, apt.scan(null).stdin ?? '', apt.simulate([]).stdin ?? ''];
    const hasShellcheck = missingPrograms(['shellcheck']).length === 0;
    if (!hasShellcheck) console.warn('shellcheck is not here: only sh -n was run');
    for (const script of scripts) {
      await writeFile(file, script);
      expect(await runProgram(['sh', '-n', file], device.env)).toEqual({ code: 0, stdout: '', stderr: '' });
      if (hasShellcheck) {
        const checked = await runProgram(['shellcheck', '-s', 'sh', '-S', 'error', file], device.env);
        expect(checked.stdout).toBe('');
      }
    }
  });
});
