/** Turns what feeds write into plain, short, harmless values: titles, links, CVE ids, dates, severities. */

import type { Severity } from '../../domain/model/advisory.ts';
import { isCve } from '../../domain/model/cve.ts';

export { oneLine, plain } from '../../domain/model/text.ts';

const LINKS = 5;
const LINK_LENGTH = 500;

/** The https addresses among these, without credentials, each once, at most 5. */
export function links(urls: readonly unknown[]): string[] {
  const good = new Set<string>();
  for (const url of urls) {
    if (good.size === LINKS) break;
    const read = typeof url === 'string' && URL.canParse(url.trim()) ? new URL(url.trim()) : null;
    if (read?.protocol !== 'https:' || read.username !== '' || read.password !== '') continue;
    if (read.href.length <= LINK_LENGTH) good.add(read.href);
  }
  return [...good];
}

/** Well-formed CVE ids that these texts are or hold (`UBUNTU-CVE-2024-1234` holds one), sorted, each once. */
export function cvesIn(values: readonly unknown[]): string[] {
  const found = new Set<string>();
  for (const value of values) {
    if (typeof value !== 'string') continue;
    for (const [id] of value.matchAll(/(?<![a-z0-9])CVE-\d{4}-\d{4,}(?![a-z0-9])/gi)) found.add(id.toUpperCase());
  }
  return [...found].filter(isCve).sort();
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const iso =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$/i;
const mail =
  /^(?:[a-z]{3,9},?\s+)?(\d{1,2})\s+([a-z]{3})[a-z]*\s+(\d{4})(?:\s+(\d{2}):(\d{2})(?::(\d{2}))?\s*(Z|UTC|GMT|[+-]\d{4})?)?$/i;

/**
 * ISO 8601 (also with a space in place of the T) and the form of e-mail headers (`02 Apr 2023`, `Tue, 12 Nov 2024 08:00:00 GMT`). Without a
 * zone it is UTC. null for anything else, for days that do not exist, and for years that no advisory can have.
 */
export function dateOf(text: unknown): Date | null {
  if (typeof text !== 'string') return null;
  const written = text.trim();
  const byIso = iso.exec(written);
  if (byIso) {
    const [, year, month, day, hour, minute, second, fraction, zone] = byIso;
    return dateFrom([year, month, day, hour, minute, second], `0.${fraction ?? 0}`, zone);
  }
  const byMail = mail.exec(written);
  if (!byMail) return null;
  const [, day, name, year, hour, minute, second, zone] = byMail;
  const month = months.indexOf((name ?? '').toLowerCase()) + 1;
  return dateFrom([year, String(month), day, hour, minute, second], '0', zone);
}

function dateFrom(written: readonly (string | undefined)[], fraction: string, zone: string | undefined): Date | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = written.map((part) => Number(part ?? 0));
  if (year < 1980 || year > 2200 || month < 1 || month > 12) return null;
  if (hour > 24 || minute > 59 || second > 60) return null;
  const start = new Date(Date.UTC(year, month - 1, day));
  if (start.getUTCDate() !== day || start.getUTCMonth() !== month - 1) return null;
  const time = ((hour * 60 + minute) * 60 + second) * 1000 + Math.floor(Number(fraction) * 1000);
  return new Date(start.getTime() + time - zoneMs(zone));
}

function zoneMs(zone: string | undefined): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone ?? '') ?? [];
  if (!sign) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes ?? 0)) * 60_000;
}

const words: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  important: 'important',
  high: 'important',
  moderate: 'moderate',
  medium: 'moderate',
  low: 'low',
  negligible: 'low',
  unimportant: 'low',
};

/** The vendors' words, whatever their case, as our four; anything else is `unrated`. */
export const severityOf = (word: unknown): Severity =>
  (typeof word === 'string' && Object.hasOwn(words, word.trim().toLowerCase()) && words[word.trim().toLowerCase()]) ||
  'unrated';

/** `512 MiB`, `64 KiB`: how people read a limit. */
export const sizeWords = (bytes: number): string =>
  bytes >= 1024 ** 2 ? `${Math.floor(bytes / 1024 ** 2)} MiB` : `${Math.ceil(bytes / 1024)} KiB`;
