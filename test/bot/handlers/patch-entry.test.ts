import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addDevices, type FlowWorld, flowDatabase, riley, sam } from '../../domain/flows/world.ts';
import { person } from '../../domain/make.ts';
import { deskFor, linked } from './verbs.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

const ann = person('ann', ['approver']);
const world = (): FlowWorld => db.world({ people: [riley, sam, ann].map(linked) });
const typed =
  'add ACME-2026-1 debian:12 acme-agent 1.1 critical CVE-2026-1234,CVE-2026-1235 Remote code execution in the agent';

describe('add and remove-advisory', () => {
  it('put an advisory into the catalog, and take it out again', async () => {
    const here = world();
    await addDevices(here, ['web-1']);
    const { say } = deskFor(here);
    expect(await say(sam, typed)).toEqual({
      ok: true,
      text: 'ACME-2026-1 is in the catalog. Devices are matched with it now.',
    });
    expect(await here.advisories.named('ACME-2026-1')).toMatchObject([
      {
        feed: 'manual',
        title: 'Remote code execution in the agent',
        severity: 'critical',
        cves: ['CVE-2026-1234', 'CVE-2026-1235'],
        withdrawn: null,
      },
    ]);
    expect(await say(sam, 'remove-advisory ACME-2026-1 It was a mistake.')).toEqual({
      ok: true,
      text: 'ACME-2026-1 is removed. Devices are matched without it now.',
    });
    expect((await here.advisories.named('ACME-2026-1'))[0]?.withdrawn).toBeInstanceOf(Date);
  });

  it('say when no device has that release: it may be mistyped', async () => {
    const { say } = deskFor(world());
    expect((await say(sam, typed)).text).toBe(
      'ACME-2026-1 is in the catalog. Devices are matched with it now. No device has debian:12 at the moment.',
    );
    await say(sam, 'remove-advisory ACME-2026-1 End of the test.');
  });

  it.each([
    [
      'severity',
      typed.replace('critical', 'urgent'),
      'severity is "urgent": say one of critical, important, moderate, low, unrated.',
    ],
    [
      'cves',
      typed.replace('CVE-2026-1235', 'CVE-X'),
      'cves is "CVE-X": write CVE-2026-1234, several with commas and no spaces, or - for none.',
    ],
    [
      'release',
      typed.replace('debian', 'debain'),
      'release is "debain:12": write a distribution and its version, such as debian:12.',
    ],
    [
      'fixed',
      typed.replace('1.1', 'newest'),
      'fixed is "newest": write a version as debian:12 writes them, such as 1.1-1.',
    ],
  ])('refuse a bad %s in a sentence, and say which word it is about', async (option, given, text) => {
    expect(await deskFor(world()).say(sam, given)).toEqual({ ok: false, text, option });
  });

  it('remove only what a person added', async () => {
    const text = 'I do not know an advisory named "DSA-1" that a person added.';
    expect(await deskFor(world()).say(sam, 'remove-advisory DSA-1 Wrong.')).toEqual({ ok: false, text });
  });

  it('are for operators, and suggest severities', async () => {
    const { say, suggest } = deskFor(world());
    expect((await say(ann, typed)).text).toContain('role operator');
    expect((await say(ann, 'remove-advisory ACME-2026-1 Wrong.')).text).toContain('role operator');
    expect(await suggest(sam, 'add', 'severity', 'm')).toEqual(['moderate']);
  });
});
