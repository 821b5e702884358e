/** The Calendar port: cron expressions are read by cron-parser, the days are counted here, and the zone rules come from ICU. */
import { CronExpressionParser } from 'cron-parser';
import { Failure } from '../domain/model/failure.ts';
import type { Occurrence, Window } from '../domain/model/policy.ts';
import type { Calendar } from '../domain/ports.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** How far ahead anybody looks before saying "never". */
const HORIZON = 5 * 365.25 * DAY;

/** A cron expression as sets: which minutes of the day, and which days (given as UTC midnights). */
type Times = { readonly minutes: readonly number[]; readonly onDay: (day: number) => boolean };

/** Dates are cheap to ask again and again, expressions are not cheap to parse: both maps are bounded by the settings' windows. */
const parsed = new Map<string, Times>();
const clocks = new Map<string, Intl.DateTimeFormat>();

/** Why this is not a usable 5-field cron expression, or null. Both day fields at once are refused: cron reads them as "either". */
export function cronProblem(cron: string): string | null {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5 || /[h@]/i.test(cron.replace(/thu/gi, '')))
    return 'must have five fields (minute hour day month weekday), such as "0 22 * * TUE#3"';
  if (!/^[*?]/.test(fields[2] ?? '') && !/^[*?]/.test(fields[4] ?? ''))
    return 'sets a day of the month and a weekday, which cron reads as "either": write TUE#3 for the third Tuesday, or two windows';
  try {
    CronExpressionParser.parse(cron, { tz: 'UTC' });
    return null;
  } catch (error) {
    return `cannot be read as cron (${error instanceof Error ? error.message : String(error)})`;
  }
}

function readCron(cron: string): Times {
  const known = parsed.get(cron);
  if (known) return known;
  const problem = cronProblem(cron);
  if (problem) throw new Failure('window.unreadable', `The window's cron "${cron}" ${problem}.`);
  const { minute, hour, dayOfMonth, month, dayOfWeek } = CronExpressionParser.parse(cron, { tz: 'UTC' }).fields;
  const has = (values: readonly (number | string)[]) => (value: number | string) =>
    values.map(String).includes(String(value));
  const [onDate, onWeekday, inMonth] = [has(dayOfMonth.values), has(dayOfWeek.values), has(month.values)] as const;
  const times: Times = {
    minutes: hour.values.flatMap((h) => minute.values.map((m) => h * 60 + m)).sort((a, b) => a - b),
    onDay(day) {
      const date = new Date(day);
      const [weekday, nth] = [date.getUTCDay(), Math.ceil(date.getUTCDate() / 7)];
      const left =
        new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate() - date.getUTCDate();
      if (!inMonth(date.getUTCMonth() + 1)) return false;
      if (!onDate(date.getUTCDate()) && !(left === 0 && onDate('L'))) return false;
      if (left < 7 && onWeekday(`${weekday}L`)) return true;
      return onWeekday(weekday) && (dayOfWeek.nthDay === 0 || dayOfWeek.nthDay === nth);
    },
  };
  parsed.set(cron, times);
  return times;
}

/** Milliseconds that the zone's clocks are ahead of UTC at an instant. */
function offset(zone: string, instant: number): number {
  const clock =
    clocks.get(zone) ??
    new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset', year: 'numeric' });
  clocks.set(zone, clock);
  const name = clock.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  return (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * MINUTE * (sign === '-' ? -1 : 1);
}

/**
 * The instant at which the clocks of a zone show a time (given as if it were UTC). Shown twice: the first. Never shown, because the
 * clocks jump over it: the instant of the jump.
 */
function instantOf(zone: string, shown: number): number {
  const offsets = [offset(zone, shown - DAY), offset(zone, shown + DAY)];
  const exact = offsets.map((o) => shown - o).filter((instant) => instant + offset(zone, instant) === shown);
  if (exact.length > 0) return Math.min(...exact);
  let [before, after] = [shown - Math.max(...offsets), shown - Math.min(...offsets)];
  const old = offset(zone, before);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offset(zone, middle) === old) before = middle;
    else after = middle;
  }
  return after;
}

const dayOf = (instant: number): number => Math.floor(instant / DAY) * DAY;

/** Start instants after `at`, in order, each once. */
function* startsAfter({ cron, zone }: Window, at: number): Generator<number> {
  const { minutes, onDay } = readCron(cron);
  const shown = at + offset(zone, at);
  let last = at;
  for (let day = dayOf(shown); day < at + HORIZON; day += DAY) {
    if (!onDay(day)) continue;
    for (const minute of minutes) {
      if (day + minute * MINUTE < shown) continue;
      const start = instantOf(zone, day + minute * MINUTE);
      if (start > last && start <= at + HORIZON) yield start;
      last = Math.max(last, start);
    }
  }
}

/** The latest start at or before `at` that is still open, or null. */
function openAt({ cron, zone, durationMinutes }: Window, at: number): number | null {
  const { minutes, onDay } = readCron(cron);
  const ahead = Math.max(offset(zone, at), offset(zone, at - DAY));
  const oldest = at - durationMinutes * MINUTE;
  for (let day = dayOf(at + ahead); day > oldest - 2 * DAY; day -= DAY) {
    if (!onDay(day)) continue;
    for (const minute of minutes.toReversed()) {
      if (day + minute * MINUTE > at + ahead) continue;
      const start = instantOf(zone, day + minute * MINUTE);
      if (start <= at) return start > oldest ? start : null;
    }
  }
  return null;
}

/**
 * The calendar of windows: 5-field cron with names, lists, ranges, steps, `L` and `TUE#3`, in the window's own zone. A start that
 * the clocks jump over happens at the jump; one that they show twice happens the first time. Durations are real minutes. Throws
 * Failure `window.unreadable` for a cron that `cronProblem` refuses.
 */
export function calendar(): Calendar {
  const occurrence = (window: Window, start: number): Occurrence => ({
    start: new Date(start),
    end: new Date(start + window.durationMinutes * MINUTE),
  });
  return {
    current(window, at) {
      const start = openAt(window, at.getTime()) ?? startsAfter(window, at.getTime()).next().value;
      return start === undefined ? null : occurrence(window, start);
    },
    upcoming(window, at, count) {
      const found: Occurrence[] = [];
      for (const start of startsAfter(window, at.getTime())) {
        if (found.length >= count) break;
        found.push(occurrence(window, start));
      }
      return found;
    },
  };
}
