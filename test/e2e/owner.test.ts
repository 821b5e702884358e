import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calendar } from '../../config/cron.ts';
import type { FleetDevice } from '../fleet/device.ts';
import { plain } from './packages.ts';
import { always } from './settings.ts';
import { buttonOf, refusal, startWorld, type TestWorld, until } from './world.ts';

/** Opens once a day, first between five and six hours from now: never during this test. */
const daily = { cron: `0 ${(new Date().getUTCHours() + 6) % 24} * * *`, zone: 'UTC', durationMinutes: 60 };
const hour = 3_600_000;

describe.skipIf(refusal)('the owner of a device', () => {
  let world: TestWorld;
  let desk: FleetDevice;
  let lab: FleetDevice;
  beforeAll(async () => {
    world = await startWorld({
      count: 2,
      policies: [
        { id: 'desk', groups: ['device-1'], windows: [daily], deferrals: { max: 3, deadlineDays: 2 } },
        {
          id: 'lab',
          groups: ['device-2'],
          windows: [always],
          noticeMinutes: 15,
          deferrals: { max: 1, deadlineDays: 9 },
        },
      ],
      describe: (name) => ({ owner: 'olive', groups: [name] }),
    });
    const [first, second] = world.fleet.devices;
    if (!first || !second) throw new Error('the fleet is too small');
    [desk, lab] = [first, second];
  }, 120_000);
  afterAll(() => world?.stop());

  /** Approves a patch on one device; gives the owner's card, and its button. */
  async function approved(device: FleetDevice, name: string) {
    await world.offer([device], plain(name, '1.0'), plain(name, '1.1'));
    const { id } = await world.approved(name);
    const card = await until('the owner to be told', async () =>
      (await world.direct('olive')).find(({ title }) => title === `${device.name} gets an update`),
    );
    return { id, card, defer: buttonOf(card, 'deployment.defer') };
  }

  it('is told before the start, defers to the next window, and cannot pass the deadline', async () => {
    const [, second, third] = calendar().upcoming({ ...daily, cutoffMinutes: 0 }, new Date(), 3);
    const { id, card, defer } = await approved(desk, 'acme-desk');
    expect(card.facts).toContainEqual({ label: 'What', value: 'acme-desk 1.0 -> 1.1' });
    const { blocker } = await world.reaches(id, desk, (one) => one.blocker !== null);
    expect(blocker?.kind).toBe('window');

    for (const who of ['sam', 'riley'] as const) {
      expect(await world.press(who, defer)).toEqual({ ok: false, text: 'Only the owner of device-1 can defer it.' });
    }
    expect(await world.press('olive', defer)).toMatchObject({ ok: true, text: 'Deferred to the next window.' });
    const deferred = await world.reaches(id, desk, (one) => one.deferral.used === 1);
    expect(deferred.deferral.until).toEqual(second?.start);
    expect(deferred.blocker).toMatchObject({ kind: 'deferral', until: second?.start });
    expect(Number(third?.start) - Date.now()).toBeGreaterThan(48 * hour);
    expect(await world.press('olive', defer)).toMatchObject({
      ok: false,
      text: expect.stringMatching(/^The next window would be after the deadline of .* UTC/),
    });
    expect(await world.installed(desk, 'acme-desk')).toBe('1.0 ii');
  }, 60_000);

  it('has time to answer, and as many deferrals as the policy gives', async () => {
    const { id, defer } = await approved(lab, 'acme-lab');
    const { blocker, createdAt } = await world.reaches(id, lab, (one) => one.blocker !== null);
    expect(blocker).toEqual({
      kind: 'window',
      text: 'Its owner was told and still has time to answer.',
      until: new Date(createdAt.getTime() + 15 * 60_000),
    });
    expect(await world.press('olive', defer)).toMatchObject({ ok: true });
    expect(await world.press('olive', defer)).toMatchObject({
      ok: false,
      text: expect.stringMatching(/^No deferral is left: 1 of 1 used\. It will be installed at .* UTC\.$/),
    });
    const told = await until('the card to lose its button', async () =>
      (await world.direct('olive')).find(({ title, buttons }) => title.startsWith('device-2') && buttons.length === 0),
    );
    expect(told.facts).toContainEqual({ label: 'Deferrals left', value: '0 of 1' });
    expect(world.problems).toEqual([]);
  }, 60_000);
});
