/** CVSS ratings: scores computed by ae-cvss-calculator, because numbers beside a vector are not trusted, and which rating counts. */
import calculator from 'ae-cvss-calculator';
import type { Cvss } from '../../domain/model/cve.ts';

/** Longer than any vector with every metric of 4.0; the library is not asked about more. */
const LONGEST = 200;
/** A metric and its value, after an optional version. The library would take prose for a version 2 vector. */
const shape = /^(?:CVSS:[234]\.[01]\/)?[A-Za-z]{1,3}:[A-Za-z]{1,5}(?:\/[A-Za-z]{1,3}:[A-Za-z]{1,5})*$/;

/** What the library can do with a vector that it has read. */
type Read = { isBaseFullyDefined(): boolean; calculateScores(): { overall: number; base?: number | undefined } };

/**
 * The score of a vector of version 2.0 (with or without prefix), 3.0, 3.1 or 4.0, from 0 to 10. For 2.0 to 3.1 it is the base score,
 * which is what everybody prints; 4.0 has one score only. null when it is no complete vector, or names a metric twice.
 */
export function scoreOf(vector: string): number | null {
  if (vector.length > LONGEST || !shape.test(vector)) return null;
  const metrics = vector.split('/').map((part) => part.split(':')[0]);
  if (new Set(metrics).size < metrics.length) return null;
  const read = readerOf(vector);
  if (!read?.isBaseFullyDefined()) return null;
  const { overall, base } = read.calculateScores();
  const score = vector.startsWith('CVSS:4') ? overall : base;
  return score !== undefined && score >= 0 && score <= 10 ? score : null;
}

/** null for a vector that the library refuses, which it does by returning nothing or by throwing. */
function readerOf(vector: string): Read | null {
  try {
    if (vector.startsWith('CVSS:4.0/')) return new calculator.Cvss4P0(vector);
    if (vector.startsWith('CVSS:3.1/')) return new calculator.Cvss3P1(vector);
    if (vector.startsWith('CVSS:3.0/')) return new calculator.Cvss3P0(vector);
    if (vector.startsWith('CVSS:2.0/') || !vector.startsWith('CVSS:')) return new calculator.Cvss2(vector);
    return null;
  } catch {
    return null;
  }
}

/** A vector and who rated with it. */
export type Rating = Pick<Cvss, 'vector' | 'by'>;

/**
 * The one that counts of several ratings of a CVE, `ratings` being in order of whom to believe first. Of one rater the newest version
 * counts, then the worst score (a rating for each scenario). Version 2.0 counts where there is nothing newer from anybody: it knows
 * neither scope nor critical. null when no vector can be read.
 */
export function ratingOf(ratings: readonly Rating[]): Cvss | null {
  const raters = [...new Set(ratings.map(({ by }) => by))];
  const read = ratings.flatMap(({ vector, by }) => {
    const score = scoreOf(vector);
    return score === null ? [] : [{ vector, score, by }];
  });
  const order = ({ vector, score, by }: Cvss): number[] => {
    const version = versionOf(vector);
    return [version > 2 ? 0 : 1, raters.indexOf(by), -version, -score];
  };
  const [best] = read.sort((a, b) => compared(order(a), order(b)));
  return best ?? null;
}

const versionOf = (vector: string): number => Number(/^CVSS:(\d\.\d)/.exec(vector)?.[1] ?? 2);

/** The first difference of two lists of the same length. */
const compared = (a: readonly number[], b: readonly number[]): number =>
  a.map((value, index) => value - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
