/** One announcement for many proposals that are not urgent, whose cards are in its thread. What it says is read from them. */
import type { DigestId, PolicyId, ProposalId, TenantId } from './ids.ts';

export type Digest = {
  readonly id: DigestId;
  readonly tenant: TenantId;
  readonly rev: number;
  readonly policy: PolicyId;
  readonly at: Date;
  /** The day in the policy's zone whose hour this digest answers, as YYYY-MM-DD: one made before that hour belongs to the day before. */
  readonly day: string;
  /** Most urgent first when it was made. */
  readonly proposals: readonly ProposalId[];
  /** False until every proposal knows that it is in this digest; only then the message goes out. */
  readonly complete: boolean;
};

/** The one digest of a policy and a day: two processes cannot make two. */
export const digestId = (policy: PolicyId, day: string): DigestId => `d-${policy}-${day}` as DigestId;
