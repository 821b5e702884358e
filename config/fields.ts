/** The kinds of value that settings are made of: names, times, amounts. Each knows its rule as a sentence. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { cronProblem } from './cron.ts';
import { about, must, mustSecretly, nearest } from './problems.ts';

/** Lower-case letters, digits and dashes: tenants, people, policies and credentials are named so. */
export const slug = (example: string) =>
  z
    .string(must(`must be lower-case letters, digits and dashes, such as ${example}`))
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);

/** One line of text that is not empty, at most 200 characters. */
export const line = (rule: string) =>
  z
    .string(must(rule))
    .trim()
    .min(1)
    .max(200)
    .regex(/^\P{Cc}*$/u);

/** A whole number from `low` to `high`. */
export const whole = (low: number, high: number, unit: string) =>
  z
    .int(must(`must be a whole number of ${unit} from ${low} to ${high.toLocaleString('en')}`))
    .min(low)
    .max(high);

/** A TCP port. */
export const port = z.int(must('must be a port from 1 to 65535')).min(1).max(65535);

/** One of some words. */
export const oneOf = <const T extends readonly [string, ...string[]]>(words: T) =>
  z.enum(words, must(`must be ${words.length > 1 ? 'one of ' : ''}${words.join(', ')}`));

/** A secret: never empty, never repeated in a sentence. */
export const secret = (rule: string) => z.string(mustSecretly(rule)).min(1);

/** A token whose first letters say what it is. */
export const token = (prefix: string, where: string) =>
  z.string(mustSecretly(`must start with ${prefix}: copy it from ${where}`)).startsWith(prefix);

function isZone(zone: string): boolean {
  if (zone !== 'UTC' && !/^[A-Za-z_]+(\/[A-Za-z0-9_+-]+)+$/.test(zone)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false; // Intl throws a RangeError for a zone that it does not know
  }
}

/** An IANA time zone; old names such as Asia/Calcutta are zones too. */
export const zone = z.string(must('must be an IANA time zone such as Europe/Madrid')).refine(isZone, {
  error: ({ input }) => {
    const guess = typeof input === 'string' ? nearest(input, Intl.supportedValuesOf('timeZone')) : null;
    return about(input, `must be an IANA time zone such as ${guess ?? 'Europe/Madrid'}`);
  },
});

/** A 5-field cron expression (cron.ts says what it may hold). */
export const cron = z
  .string(must('must be a cron expression of five fields, such as "0 22 * * TUE#3"'))
  .check(({ value, issues }) => {
    const problem = cronProblem(value);
    if (problem) issues.push({ code: 'custom', input: value, message: about(value, problem) });
  });

const host = /^(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?$/;

/** A name or an IP address, alone: a port and a user have fields of their own. */
export const address = z
  .string(must('must be a host name or an IP address alone, such as web-1.example.org or 192.0.2.10'))
  .max(253)
  .refine((value) => isIP(value) > 0 || host.test(value));

const amountRule = must('must be a number of devices such as 5, or a percentage such as "10%"');
/** `5` devices, or `10%` of the rollout. `low` is the smallest number that makes sense. */
export const amount = (low: number) =>
  z.union([z.int(amountRule).min(low).max(100_000), z.string(amountRule).regex(/^(?:[1-9]\d?|100)%$/)], amountRule);

const url = (value: string): boolean => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);

/** An http(s) address that people's browsers can open. */
export const webUrl = z
  .string(must('must be the address that people open, such as https://patchherd.example.org'))
  .refine((value) => url(value) && !value.includes('@'));

/** One place of a feed: a web address without a login in it, or a path. `{release}` and `label=` in front are for some feeds. */
function isPlace(entry: string): boolean {
  const written = entry.replace(/^[a-z][\w.:-]*=/, '');
  if (!URL.canParse(written)) return false;
  const { protocol, username, password, host } = new URL(written);
  if (username || password) return false;
  return protocol === 'file:' ? host === '' : protocol === 'https:' || protocol === 'http:';
}

/** Where a feed is: one address, or several with spaces between them for feeds that have several. */
export const feedUrl = z
  .string(
    must('must be where the feed is: https://..., or file:///... for a copy on this machine, without a login in it'),
  )
  .trim()
  .max(8000)
  .refine((value) => value !== '' && value.split(/\s+/).every(isPlace));
