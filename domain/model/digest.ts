/** One announcement for many proposals that are not urgent: what it said when it went out, and whose cards are in its thread. */
import type { DigestId, PolicyId, ProposalId, TenantId } from './ids.ts';
import type { Band, DueClass } from './priority.ts';

/** One line of the message: how the proposal stood when the digest was made. */
export type DigestLine = {
  /** Source package and version. */
  readonly patch: string;
  readonly band: Band;
  readonly score: number;
  readonly devices: number;
  readonly cves: number;
  readonly due: DueClass;
  readonly dueAt: Date | null;
};

export type Digest = {
  readonly id: DigestId;
  readonly tenant: TenantId;
  readonly rev: number;
  readonly policy: PolicyId;
  readonly at: Date;
  /** The day in the policy's zone whose hour this digest answers, as YYYY-MM-DD: one made before that hour belongs to the day before. */
  readonly day: string;
  /** Most urgent first. */
  readonly proposals: readonly ProposalId[];
  /** The first of them. */
  readonly top: readonly DigestLine[];
  readonly counts: Readonly<Record<Band, number>>;
  /** False until every proposal knows that it is in this digest; only then the message goes out. */
  readonly complete: boolean;
};

/** The one digest of a policy and a day: two processes cannot make two. */
export const digestId = (policy: PolicyId, day: string): DigestId => `d-${policy}-${day}` as DigestId;

/** How many proposals the message names; the others are a number. */
export const namedInDigest = 5;
