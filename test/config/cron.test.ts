import { describe, expect, it } from 'vitest';
import { calendar, cronProblem } from '../../config/cron.ts';
import type { Window } from '../../domain/model/policy.ts';

const HOUR = 3_600_000;
const window = (cron: string, zone: string, durationMinutes = 60): Window => ({
  cron,
  zone,
  durationMinutes,
  cutoffMinutes: 0,
});
const starts = (cron: string, zone: string, from: string, count: number) =>
  calendar()
    .upcoming(window(cron, zone), new Date(from), count)
    .map(({ start }) => start.toISOString().slice(0, 16));

/** What a wall clock in the zone shows, read without any code of ours: `2026-03-29 02:30`. */
const clocks = new Map<string, Intl.DateTimeFormat>();
function wall(zone: string, instant: Date | number): string {
  const options = { timeZone: zone, dateStyle: 'short', timeStyle: 'short' } as const;
  const clock = clocks.get(zone) ?? new Intl.DateTimeFormat('sv-SE', options);
  clocks.set(zone, clock);
  return clock.format(instant);
}

describe('the calendar', () => {
  it('has the third Tuesday where the wall calendar has it', () => {
    const days = [
      '01-20',
      '02-17',
      '03-17',
      '04-21',
      '05-19',
      '06-16',
      '07-21',
      '08-18',
      '09-15',
      '10-20',
      '11-17',
      '12-15',
    ];
    for (const cron of ['0 22 * * TUE#3', '0 22 * * 2#3', '0 22 ? * tue#3'])
      expect(starts(cron, 'UTC', '2026-01-01T00:00Z', 12)).toEqual(days.map((day) => `2026-${day}T22:00`));
  });
  it.each([
    ['0 3 31 * *', ['2026-01-31T03:00', '2026-03-31T03:00', '2026-05-31T03:00', '2026-07-31T03:00']],
    ['0 3 L * *', ['2026-01-31T03:00', '2026-02-28T03:00', '2026-03-31T03:00', '2026-04-30T03:00']],
    ['0 3 * * 5L', ['2026-01-30T03:00', '2026-02-27T03:00', '2026-03-27T03:00', '2026-04-24T03:00']],
    ['0 3 * * TUE#5', ['2026-03-31T03:00', '2026-06-30T03:00', '2026-09-29T03:00', '2026-12-29T03:00']],
    ['0 0 29 2 *', ['2028-02-29T00:00']],
    ['15,45 3 * JAN SUN', ['2026-01-04T03:15', '2026-01-04T03:45', '2026-01-11T03:15', '2026-01-11T03:45']],
    ['0 */8 1-2 * *', ['2026-01-01T08:00', '2026-01-01T16:00', '2026-01-02T00:00', '2026-01-02T08:00']],
  ])('reads %s', (cron, expected) => {
    expect(starts(cron, 'UTC', '2026-01-01T00:00:00Z', 4)).toEqual(expected);
  });
  it('starts at the jump when the clocks jump over a start, and only once', () => {
    expect(starts('30 2 * * *', 'Europe/Madrid', '2026-03-28T12:00Z', 2)).toEqual([
      '2026-03-29T01:00',
      '2026-03-30T00:30',
    ]);
    expect(starts('*/20 2,3 * * *', 'America/New_York', '2026-03-08T06:00Z', 3)).toEqual([
      '2026-03-08T07:00',
      '2026-03-08T07:20',
      '2026-03-08T07:40',
    ]);
    expect(starts('15 0 * * *', 'Africa/Cairo', '2026-04-23T00:00Z', 1)).toEqual(['2026-04-23T22:00']);
  });
  it('starts at the first of two equal times when the clocks go back, and only once', () => {
    expect(starts('30 2 * * *', 'Europe/Madrid', '2026-10-24T12:00Z', 2)).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
    expect(starts('*/30 1 * * *', 'America/New_York', '2026-11-01T05:10Z', 2)).toEqual([
      '2026-11-01T05:30',
      '2026-11-02T06:00',
    ]);
  });
  it('lasts real minutes across a change of the clocks', () => {
    for (const night of ['2026-03-28T20:00Z', '2026-10-24T20:00Z']) {
      const open = calendar().current(window('0 1 * * *', 'Europe/Madrid', 240), new Date(night));
      expect(open && open.end.getTime() - open.start.getTime()).toBe(4 * HOUR);
    }
  });
  it('is in a window from its first instant until just before its end', () => {
    const nightly = window('0 2 * * *', 'UTC', 60);
    const at = (time: string) => calendar().current(nightly, new Date(time))?.start.toISOString();
    expect(at('2026-06-01T01:59:59.999Z')).toBe('2026-06-01T02:00:00.000Z');
    expect(at('2026-06-01T02:00:00.000Z')).toBe('2026-06-01T02:00:00.000Z');
    expect(at('2026-06-01T02:59:59.999Z')).toBe('2026-06-01T02:00:00.000Z');
    expect(at('2026-06-01T03:00:00.000Z')).toBe('2026-06-02T02:00:00.000Z');
  });
  it('still knows a window that began yesterday', () => {
    const late = window('30 23 * * *', 'Pacific/Auckland', 1440);
    expect(calendar().current(late, new Date('2026-06-02T11:29:00Z'))?.start.toISOString()).toBe(
      '2026-06-01T11:30:00.000Z',
    );
  });
  it('says that there is none, instead of looking for ever', () => {
    const leapDay = window('0 0 29 2 *', 'UTC');
    expect(calendar().current(leapDay, new Date('2092-03-01T00:00Z'))?.start.toISOString()).toBe(
      '2096-02-29T00:00:00.000Z',
    );
    expect(calendar().current(leapDay, new Date('2096-03-01T00:00Z'))).toBeNull(); // 2100 has no leap day
    expect(starts('0 3 * FEB MON#5', 'UTC', '2026-01-01T00:00Z', 3)).toEqual([]);
  });
  it('refuses a cron that the settings would have refused', () => {
    expect(() => calendar().upcoming(window('* * *', 'UTC'), new Date(), 1)).toThrow(
      expect.objectContaining({ code: 'window.unreadable' }),
    );
  });
});

const zones = [
  'Europe/Madrid',
  'America/New_York',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'America/Santiago',
  'Asia/Kolkata',
];
const [first, last] = [Date.parse('2025-01-01T00:00Z'), Date.parse('2035-01-01T00:00Z')];

/** Ten years of starts, in two steps because nobody looks further ahead than five. */
function tenYears(of: Window): Date[] {
  const half = Date.parse('2030-01-01T00:00Z');
  const part = (from: number, until: number) =>
    calendar()
      .upcoming(of, new Date(from), 20_000)
      .map(({ start }) => start)
      .filter((start) => start.getTime() <= until);
  return [...part(first, half), ...part(half, last)];
}

describe.each(zones)('over ten years in %s', (zone) => {
  it.each(['30 2 * * *', '30 0 * * *', '15 23 * * *'])(
    '%s comes once a day, at its time or at the jump over it',
    (cron) => {
      const [minute, hour] = cron.split(' ').map((field) => field.padStart(2, '0'));
      const wanted = `${hour}:${minute}`;
      const seen = tenYears(window(cron, zone));
      expect(seen.length).toBeGreaterThanOrEqual(3651);
      const days = seen.map((start) => wall(zone, start).slice(0, 10));
      expect(new Set(days).size).toBe(seen.length);
      for (const start of seen) {
        const [before, shown] = [wall(zone, start.getTime() - 60_000), wall(zone, start)];
        if (shown.endsWith(wanted)) {
          // The same time was not shown earlier: this is the first of two.
          expect([30, 60].map((ago) => wall(zone, start.getTime() - ago * 60_000))).not.toContain(shown);
        } else {
          // The clocks jumped from before the time to after it, on this very minute.
          expect(before.slice(11) < wanted || before.slice(0, 10) < shown.slice(0, 10)).toBe(true);
          expect(shown.slice(11) > wanted).toBe(true);
          expect(wallMinutes(shown) - wallMinutes(before)).toBeGreaterThan(1);
        }
      }
    },
  );
  it('the third Tuesday is the third Tuesday', () => {
    const seen = tenYears(window('0 22 * * TUE#3', zone)).map((start) => wall(zone, start));
    const wanted = Array.from({ length: 120 }, (_, month) => thirdTuesday(2025 + Math.floor(month / 12), month % 12));
    expect(seen).toEqual(wanted.map((day) => `${day} 22:00`));
  });
  it('current agrees with upcoming at any instant', () => {
    const random = seeded(zone.length);
    for (const cron of ['30 2 * * *', '0 */6 * * *', '*/45 1-3 * * SUN'])
      for (let round = 0; round < 30; round++) {
        const of = window(cron, zone, 1 + Math.floor(random() * 1440));
        const at = new Date(first + Math.floor(random() * (last - first)));
        const around = calendar().upcoming(of, new Date(at.getTime() - 48 * HOUR), 400);
        const open = around.filter(({ start, end }) => start <= at && at < end).at(-1);
        expect(calendar().current(of, at)).toEqual(open ?? around.find(({ start }) => start > at));
      }
  });
});

const wallMinutes = (shown: string): number => Date.parse(`${shown.replace(' ', 'T')}Z`) / 60_000;

/** Counted on the fingers: walk the month and stop at the third Tuesday. */
function thirdTuesday(year: number, month: number): string {
  for (let day = 1, seen = 0; ; day++) {
    const date = new Date(Date.UTC(year, month, day));
    if (date.getUTCDay() === 2 && ++seen === 3) return date.toISOString().slice(0, 10);
  }
}

/** Numbers from 0 to 1 that are the same in every run (a linear congruential generator). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

describe('a cron expression', () => {
  it.each([
    '@daily',
    '0 0 3 * * *',
    '0 3 * *',
    '',
    'H 3 * * *',
    '61 3 * * *',
    '0 25 * * *',
    '0 3 * * TUE#6',
    '0 3 * * TUE#1,TUE#3',
    '0 3 1-7 * TUE',
    '0 3 30 2 *',
    '*/0 * * * *',
    '; rm * * * *',
  ])('%j is refused with a sentence', (cron) => {
    expect(cronProblem(cron)).toMatch(/^(must have five fields|cannot be read as cron|sets a day)/);
  });
  it.each(['0 3 * * THU', '0 3 * * thu-sat', '0 3 * MAR *', '17 */4 * * *', '0 3 * * 7', '0 3 L * ?'])(
    '%j is fine',
    (cron) => {
      expect(cronProblem(cron)).toBeNull();
    },
  );
});
