import { describe, expect, it } from 'vitest';
import { buildIndex, type MatchIndex } from '../../domain/intel/match.ts';
import type { Advisory } from '../../domain/model/advisory.ts';
import type { Device } from '../../domain/model/device.ts';
import type { TenantId } from '../../domain/model/ids.ts';
import { keptMatchIndex } from '../../workers/match-index.ts';
import { newDatabase } from '../database.ts';
import { advisory, affects } from '../domain/intel/make.ts';
import * as make from '../domain/make.ts';

const database = newDatabase();
let tenants = 0;

async function* from<T>(all: readonly T[]): AsyncIterable<T> {
  yield* all;
}

/** A fleet of its own for each test, with releases that no other test has. */
async function newFleet(...versions: readonly string[]) {
  tenants += 1;
  const tenant = `t${tenants}` as TenantId;
  const os = `os${tenants}`;
  const store = database().tenant(tenant);
  const add = async (version: string): Promise<Device> => {
    const facts = make.facts({ os: { id: os, version, codename: '' } });
    const device = { ...make.device(`${os}-${version}`), facts, tenant };
    await store.devices.insert(device, { events: [] });
    return device;
  };
  for (const version of versions) await add(version);
  const deliver = (...all: readonly Advisory[]) => store.advisories.takeOver(os, from(all), true, []);
  const on = (id: string, ...releases: readonly string[]) =>
    advisory(id, { feed: os, affected: releases.map((version) => affects(`${os}:${version}`, 'vim', '2')) });
  const release = (version: string) => `${os}:${version}`;
  return { store, add, deliver, on, release, matchIndex: keptMatchIndex(store) };
}

const vim = { name: 'vim', arch: 'amd64', version: '1', source: 'vim', sourceVersion: '1', held: false, whole: true };
const openOn = (index: MatchIndex, release: string) =>
  index
    .match({ release, packages: [vim], modules: new Set(), livepatched: new Set() })
    .map(({ advisory: key }) => key.split('/')[1])
    .sort();

describe('the kept match index', () => {
  it("holds the advisories of the fleet's releases, and of those only what is for them", async () => {
    const { deliver, on, matchIndex } = await newFleet('1');
    await deliver(on('A', '1'), on('B', '2'), on('C', '1', '2'));
    expect((await matchIndex()).size).toBe(2);
  });

  it('is the same until an advisory changes', async () => {
    const { deliver, on, release, matchIndex } = await newFleet('1');
    await deliver(on('A', '1'));
    const first = await matchIndex();
    expect(await matchIndex()).toBe(first);
    expect(await matchIndex(release('1'))).toBe(first);
    await deliver(on('A', '1'));
    expect(await matchIndex()).toBe(first);
    await deliver(on('A', '1'), on('B', '1'));
    const second = await matchIndex();
    expect([first.size, second.size]).toEqual([1, 2]);
    expect(await matchIndex(release('1'))).toBe(second);
  });

  it('is made anew when the fleet has another release, or no longer has one', async () => {
    const { store, add, deliver, on, matchIndex } = await newFleet('1');
    await deliver(on('A', '1'), on('B', '2'));
    const first = await matchIndex();
    const device = await add('2');
    const second = await matchIndex();
    expect([first.size, second.size]).toEqual([1, 2]);
    await store.devices.save({ ...device, retired: true, rev: 2 }, 1, { events: [] });
    expect((await matchIndex()).size).toBe(1);
  });

  it('is made anew for a release that it has not got, even before a device says that it has it', async () => {
    const { deliver, on, release, matchIndex } = await newFleet('1');
    await deliver(on('A', '1'), on('B', '2'));
    await matchIndex();
    const both = await matchIndex(release('2'));
    expect(both.size).toBe(2);
    expect(await matchIndex(release('1'))).toBe(both);
    expect(await matchIndex(release('2'))).toBe(both);
  });

  it('is made once for all who ask at the same time', async () => {
    const { deliver, on, matchIndex } = await newFleet('1');
    await deliver(on('A', '1'));
    const all = await Promise.all(Array.from({ length: 20 }, () => matchIndex()));
    expect(new Set(all).size).toBe(1);
  });

  it('is not kept when it could not be made', async () => {
    const { store, deliver, on } = await newFleet('1');
    await deliver(on('A', '1'));
    let fails = true;
    async function* unreadable(releases: readonly string[]): AsyncIterable<Advisory> {
      if (fails) throw new Error('the database is away');
      yield* store.advisories.forReleases(releases);
    }
    const matchIndex = keptMatchIndex({ ...store, advisories: { ...store.advisories, forReleases: unreadable } });
    await expect(matchIndex()).rejects.toThrow('the database is away');
    fails = false;
    expect((await matchIndex()).size).toBe(1);
  });

  it('finds what an index of all advisories finds', async () => {
    const { store, deliver, on, release, matchIndex } = await newFleet('1', '2');
    await deliver(on('A', '1', '3'), on('B', '2'), on('C', '3'));
    const whole = await buildIndex(store.advisories.forReleases(['1', '2', '3'].map(release)));
    const found = (index: MatchIndex) => ['1', '2'].map((version) => openOn(index, release(version)));
    expect(found(whole)).toEqual([['A'], ['B']]);
    expect(found(await matchIndex())).toEqual([['A'], ['B']]);
  });
});
