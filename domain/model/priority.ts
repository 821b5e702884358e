/** How urgent a patch is, for whom: two answers, a due date (policy) and a score (rank), and every addend of both. */

export const bands = ['emergency', 'high', 'normal', 'low'] as const;
export type Band = (typeof bands)[number];

/** CISA BOD 26-04's outcomes, most urgent first. `3-days-triage`: and look for traces of an intruder. */
export const dueClasses = ['3-days-triage', '3-days', '14-days', '60-days', 'next-window'] as const;
export type DueClass = (typeof dueClasses)[number];

export type Priority = {
  readonly band: Band;
  /** 0 to 100. */
  readonly score: number;
  readonly due: DueClass;
  /** null for `next-window`. */
  readonly dueAt: Date | null;
  /** The sum, an addend each, in the order in which it is computed; then floors; then the due date's rule. */
  readonly why: readonly string[];
  /** Inputs that nobody has told and a rule assumed, each with its rule, such as `exposure internet: nobody has said`. */
  readonly assumed: readonly string[];
  /** The CVE that decides the due date; null when none is known. */
  readonly deciding: string | null;
};

/** Bands that do not wait for a digest. */
export const urgent = (band: Band): boolean => band === 'emergency' || band === 'high';

/** Most urgent first: by band, then score. */
export const byUrgency = (a: Priority, b: Priority): number =>
  bands.indexOf(a.band) - bands.indexOf(b.band) || b.score - a.score;
