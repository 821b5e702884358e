/** What happens to a device, from the scan to the way back, with the real apt and dpkg. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildRepository } from '../../../demo/repository.ts';
import { apt } from '../../../domain/backends/apt.ts';
import { type AptDevice, item, makeAptDevice, noApt, opId } from './apt-device.ts';

const tls = [item('acme-tls-utils', '3.0-1', '3.0-2'), item('libacme-tls1', '3.0-1', '3.0-2')];

describe.skipIf(noApt)('a device with apt', () => {
  let device: AptDevice;
  beforeEach(async () => {
    device = await makeAptDevice();
  });
  afterEach(() => device.remove());

  const versions = async (): Promise<Record<string, string>> => {
    const { packages } = await device.fullScan();
    return Object.fromEntries(packages.map(({ name, version }) => [name, version]));
  };

  it('is scanned, gets a security update of two packages from one source, and goes back', async () => {
    const before = await device.fullScan();
    const wish = before.offers.filter(({ source }) => source === 'acme-tls');
    expect(wish.map(({ name, security, state }) => ({ name, security, state }))).toEqual([
      { name: 'acme-tls-utils', security: true, state: 'missing' },
      { name: 'libacme-tls1', security: true, state: 'missing' },
    ]);
    expect(before.offers.filter(({ security }) => security)).toEqual(wish);

    const want = wish.map(({ name, to }) => ({ name, version: to }));
    const [simulation] = apt.readSimulations((await device.run(apt.simulate([want]))).stdout);
    expect(simulation).toEqual({ want, transaction: tls, undo: 'downgrade', problem: null });

    expect(await device.prepare('prepare-1', tls)).toMatchObject({ kind: 'ready', undo: 'downgrade' });
    const done = await device.install('install-1', tls);
    expect(done.code).toBe(0);
    expect(done.packages).toEqual(tls.map(({ name, arch, to }) => ({ name, arch, version: to, whole: true })));
    const after = await device.fullScan();
    expect(after.offers.filter(({ source }) => source === 'acme-tls')).toEqual([]);
    expect(after.facts.stamp).not.toBe(before.facts.stamp);

    expect((await device.undo('undo-1', 'prepare-1')).code).toBe(0);
    expect(await versions()).toMatchObject({ 'acme-tls-utils': '3.0-1', 'libacme-tls1': '3.0-1' });
  });

  it('brings a new package along with an update, and takes it away again', async () => {
    const [simulation] = apt.readSimulations(
      (await device.run(apt.simulate([[{ name: 'acme-tool', version: '1.1' }]]))).stdout,
    );
    const items = [item('acme-new', null, '1.0'), item('acme-tool', '1.0', '1.1')];
    expect(simulation?.transaction).toEqual(items);
    await device.prepare('prepare-1', items);
    await device.install('install-1', items);
    expect(await versions()).toMatchObject({ 'acme-new': '1.0', 'acme-tool': '1.1' });
    const undone = await device.undo('undo-1', 'prepare-1');
    expect(undone).toMatchObject({ code: 0, packages: [{ name: 'acme-new', version: null }, { version: '1.0' }] });
    expect(await versions()).not.toHaveProperty('acme-new');
  });

  it('still knows afterwards which packages nobody asked for', async () => {
    const items = [...tls, item('acme-new', null, '1.0'), item('acme-tool', '1.0', '1.1')];
    await device.prepare('prepare-1', items);
    await device.install('install-1', items);
    expect(await device.sh('apt-mark showauto')).toBe('acme-new\nlibacme-tls1\n');
    await device.undo('undo-1', 'prepare-1');
    expect(await device.sh('apt-mark showauto')).toBe('libacme-tls1\n');
  });

  it('is broken by an update whose script fails, says so, and is whole after the way back', async () => {
    const items = [item('acme-db', '2.1', '2.2')];
    await device.prepare('prepare-1', items);
    const done = await device.install('install-1', items);
    expect(done.code).not.toBe(0);
    expect(done.log).toContain('acme-db: cannot migrate the data');
    expect(done.packages).toEqual([{ name: 'acme-db', arch: 'all', version: '2.2', whole: false }]);

    const { facts, packages } = await device.fullScan();
    expect(facts.broken).toEqual(['acme-db']);
    expect(packages.find(({ name }) => name === 'acme-db')).toMatchObject({ version: '2.2', whole: false });
    const again = apt.readScan((await device.run(apt.scan(facts.stamp))).stdout);
    expect(again, 'a broken device is read in full each time').toMatchObject({
      kind: 'full',
      facts: { broken: ['acme-db'] },
    });

    expect(await device.undo('undo-1', 'prepare-1')).toMatchObject({
      code: 0,
      packages: [{ version: '2.1', whole: true }],
    });
    expect((await device.fullScan()).facts.broken).toEqual([]);
  });

  it('goes back with one package while another one stays broken', async () => {
    const db = [item('acme-db', '2.1', '2.2')];
    const agent = [item('acme-agent', '1.0', '1.1')];
    await device.prepare('prepare-agent', agent);
    await device.install('install-agent', agent);
    await device.prepare('prepare-db', db);
    await device.install('install-db', db);
    const undone = await device.undo('undo-agent', 'prepare-agent');
    expect(undone.log, 'apt-get itself ends with an error because of acme-db').toContain('acme-db');
    expect(undone).toMatchObject({ code: 0, packages: [{ name: 'acme-agent', version: '1.0', whole: true }] });
  });

  it('says that it is unhealthy when a health check fails after an update', async () => {
    expect((await device.fullScan()).facts.health).toEqual({ ok: true, failed: [] });
    const items = [item('acme-web', '5.0', '5.1')];
    await device.prepare('prepare-1', items);
    expect((await device.install('install-1', items)).code).toBe(0);
    expect((await device.fullScan()).facts.health).toEqual({ ok: false, failed: ['acme-web: exit 1'] });
    await device.undo('undo-1', 'prepare-1');
    expect((await device.fullScan()).facts.health.ok).toBe(true);
  });

  it.each([
    ['keep', 'greeting = howdy\n'],
    ['replace', 'greeting = good day\n'],
  ] as const)('meets a configuration file that both sides changed: %s', async (conffiles, left) => {
    await device.sh('echo "greeting = howdy" >"$DPKG_ROOT/etc/acme.conf"');
    const items = [item('acme-conf', '1.0', '1.1')];
    expect((await device.install('install-1', items, conffiles)).code).toBe(0);
    expect(await device.sh('cat "$DPKG_ROOT/etc/acme.conf"')).toBe(left);
  });

  it('wants a reboot after a kernel, is rebooted once, and shows another boot id', async () => {
    await device.sh(
      'mkdir -p "$DPKG_ROOT/proc/sys/kernel/random" "$DPKG_ROOT/sbin"; cd "$DPKG_ROOT"; echo boot-1 >proc/sys/kernel/random/boot_id',
    );
    await device.sh(`cat >"$DPKG_ROOT/sbin/reboot" <<'END'
#!/bin/sh
rm -rf "$DPKG_ROOT/run/reboot-required" "$DPKG_ROOT/run/reboot-required.pkgs"
echo boot-2 >"$DPKG_ROOT/proc/sys/kernel/random/boot_id"
END
chmod +x "$DPKG_ROOT/sbin/reboot"`);
    await device.install('install-1', [item('acme-kernel', '6.1-1', '6.1-2')]);
    const before = await device.fullScan();
    expect(before.facts).toMatchObject({ bootId: 'boot-1', rebootRequired: true, rebootBecause: ['acme-kernel'] });
    expect(await device.ask({ op: 'reboot', id: opId('reboot-1'), fence: 1 })).toEqual({ kind: 'started' });
    expect((await device.outcome(opId('reboot-1'))).code).toBe(0);
    expect((await device.fullScan()).facts).toMatchObject({ bootId: 'boot-2', rebootRequired: false });
  });

  it('says why when it cannot reboot', async () => {
    await device.ask({ op: 'reboot', id: opId('reboot-1'), fence: 1 });
    const done = await device.outcome(opId('reboot-1'));
    expect(done.code).not.toBe(0);
    expect(done.log).toContain('not found');
  });

  it('has nothing to say when nothing changed, and notices every kind of change', async () => {
    const stampOf = async () => (await device.fullScan()).facts.stamp;
    const stamp = await stampOf();
    const unchanged = apt.readScan((await device.run(apt.scan(stamp))).stdout);
    expect(unchanged).toMatchObject({ kind: 'unchanged', facts: { stamp, os: { id: 'debian', version: '12' } } });

    const seen = [stamp];
    await device.sh('apt-mark hold acme-agent');
    seen.push(await stampOf());
    await device.sh('echo "Package: *" >"$DPKG_ROOT/etc/apt/preferences.d/x"');
    await device.sh('printf "Pin: release n=x\\nPin-Priority: 100\\n" >>"$DPKG_ROOT/etc/apt/preferences.d/x"');
    seen.push(await stampOf());
    await buildRepository(`${device.dir}-more`, [{ name: 'acme-more', version: '1' }], {
      label: 'Acme',
      suite: 'more',
    });
    await device.useRepositories([device.repositories.first, `deb [trusted=yes] file:${device.dir}-more ./`]);
    seen.push(await stampOf());
    expect(new Set(seen).size).toBe(seen.length);
  });
});
