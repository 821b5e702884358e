/** Instants in the reader's zone, with the zone named. */
import { html } from 'hono/html';

/** Markup that is escaped already. */
export type Html = ReturnType<typeof html>;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a format costs about as much as drawing a card, so each is made once. */
function format(locale: string, zone: string): Intl.DateTimeFormat {
  const known = formats.get(`${locale} ${zone}`);
  if (known) return known;
  const made = new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  });
  formats.set(`${locale} ${zone}`, made);
  return made;
}

type Parts = Record<'weekday' | 'day' | 'month' | 'year' | 'clock' | 'zone', string>;

/**
 * The parts of an instant on the wall of a zone. CLDR names zones per region (CET in en-GB, EST in en-US): the first
 * real name wins.
 */
function parts(at: Date, zone: string): Parts {
  const read = (locale: string) =>
    Object.fromEntries(
      format(locale, zone)
        .formatToParts(at)
        .map(({ type, value }) => [type, value]),
    );
  const { weekday = '', day = '', month = '', year = '', hour = '', minute = '', timeZoneName = zone } = read('en-GB');
  const name = /^GMT[+-]/.test(timeZoneName) ? (read('en-US')['timeZoneName'] ?? timeZoneName) : timeZoneName;
  return { weekday, day, month, year, clock: `${hour}:${minute}`, zone: name };
}

/**
 * `Tue 24 Nov 03:00 CET`, with the year when it is not the current one. `at` in milliseconds since 1970; an impossible
 * date is said, not thrown.
 */
export function instant(at: number, zone: string, now: Date): Html {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return html`an unknown time`;
  const wall = parts(date, zone);
  const year = wall.year === parts(now, zone).year ? '' : ` ${wall.year}`;
  const short = `${wall.weekday.slice(0, 3)} ${wall.day} ${wall.month.slice(0, 3)}${year} ${wall.clock} ${wall.zone}`;
  return html`<time datetime="${date.toISOString()}" title="${long(wall, zone)}">${short}</time>`;
}

/** `14:02`, for a place where the day and the zone are already on show. */
export function clock(at: Date, zone: string): Html {
  const wall = parts(at, zone);
  return html`<time datetime="${at.toISOString()}" title="${long(wall, zone)}">${wall.clock}</time>`;
}

/** The day that separates messages: a key to compare, and its words with the zone. */
export function day(at: Date, zone: string, now: Date): { key: string; words: string; zone: string } {
  const wall = parts(at, zone);
  const key = `${wall.day} ${wall.month} ${wall.year}`;
  const today = parts(now, zone);
  const words =
    key === `${today.day} ${today.month} ${today.year}` ? 'Today' : `${wall.weekday} ${wall.day} ${wall.month}`;
  return { key, words: wall.year === today.year ? words : `${words} ${wall.year}`, zone: wall.zone };
}

const long = (wall: Parts, zone: string) =>
  `${wall.weekday} ${wall.day} ${wall.month} ${wall.year} ${wall.clock} ${wall.zone} (${zone})`;

/** The zone itself when this runtime knows it, else UTC: a person's card must never fail over a misspelt zone. */
export function knownZone(zone: string): string {
  try {
    format('en-GB', zone);
    return zone;
  } catch {
    return 'UTC';
  }
}
