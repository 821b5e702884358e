import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addWorkaround } from '../../../domain/flows/workarounds.ts';
import { flowDatabase, sam } from './world.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

describe('the end of a workaround, as people type it', () => {
  const until = async (typed: string, zone = 'UTC') => {
    const answer = await addWorkaround(
      db.world(),
      { subject: 'CVE-2026-1001', until: typed, text: 'Port 8080 is closed.' },
      { ...sam, zone },
    );
    return answer.ok ? answer.value.expiresAt.toISOString() : answer.error.code;
  };
  it.each([
    ['1d', 'UTC', '2026-11-24T12:00:00.000Z'],
    ['180D', 'UTC', '2027-05-22T12:00:00.000Z'],
    ['2026-11-23', 'UTC', '2026-11-23T23:59:00.000Z'],
    ['2026-12-20', 'Europe/Madrid', '2026-12-20T22:59:00.000Z'],
    ['2027-04-01', 'Europe/Madrid', '2027-04-01T21:59:00.000Z'],
    ['2027-02-28', 'America/New_York', '2027-03-01T04:59:00.000Z'],
  ])('%s in %s is %s', async (typed, zone, expected) => {
    expect(await until(typed, zone)).toBe(expected);
  });

  it.each([
    ...['', '0d', '181d', '-1d', '1.5d', '30', 'd', '9999d', 'tomorrow'],
    ...['2026-11-22', '2027-05-23', '2025-12-20', '2028-12-20', '2027-02-29', '2027-02-30', '2026-13-01', '20/12/2026'],
    ...['2026-12-20T10:00', '0000-00-00'],
  ])('"%s" is refused', async (typed) => {
    expect(await until(typed)).toBe('value.wrong');
  });
});
