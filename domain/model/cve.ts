/** What is known of one CVE's danger, from sources that know no packages. A missing fact is null, never a guess. */

export type Kev = {
  /** Days as YYYY-MM-DD. */
  readonly added: string;
  readonly due: string;
  /** Known to be used in ransomware campaigns. */
  readonly ransomware: boolean;
};
/** Probability of exploitation in the next 30 days, and the share of CVEs below it: 0 to 1, both. `date`: YYYY-MM-DD. */
export type Epss = { readonly score: number; readonly percentile: number; readonly date: string };
export type Ssvc = {
  readonly exploitation: 'none' | 'poc' | 'active';
  readonly automatable: boolean;
  readonly impact: 'partial' | 'total';
};
/** `by`: who rated, such as `cisa-adp`, `cna`, `nvd`. Score 0 to 10. */
export type Cvss = { readonly vector: string; readonly score: number; readonly by: string };

export type CveFacts = {
  readonly id: string;
  readonly kev: Kev | null;
  readonly epss: Epss | null;
  readonly ssvc: Ssvc | null;
  /** The one that counts: the record's own (CNA, CISA ADP) before NVD's. */
  readonly cvss: Cvss | null;
};

/** What feeds may say of a CVE; `nvd` is a CVSS rating that only counts where there is no `cvss`. */
export type CveSaying =
  | { readonly field: 'kev'; readonly id: string; readonly value: Kev }
  | { readonly field: 'epss'; readonly id: string; readonly value: Epss }
  | { readonly field: 'ssvc'; readonly id: string; readonly value: Ssvc }
  | { readonly field: 'cvss' | 'nvd'; readonly id: string; readonly value: Cvss };
export type CveField = CveSaying['field'];

/** A well-formed id (CVE Program, CNA rules: four digits or more). */
export const isCve = (text: string): boolean => /^CVE-\d{4}-\d{4,19}$/.test(text);

/** A CVE that no feed has spoken of. */
export const unknownCve = (id: string): CveFacts => ({ id, kev: null, epss: null, ssvc: null, cvss: null });
