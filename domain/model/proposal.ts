/** One patch offered to people for a set of devices. Only this file decides where it may go next. */
import type { Refusal } from '../errors.ts';
import type { Severity } from './advisory.ts';
import type { DigestId, PatchId, PersonId, PlanDigest, PolicyId, ProposalId, RolloutId, TenantId } from './ids.ts';
import type { Person } from './people.ts';
import type { Plan } from './plan.ts';
import type { Policy } from './policy.ts';
import { byUrgency, type Priority } from './priority.ts';
import { err, ok, type Result } from './result.ts';

export type ProposalState = 'open' | 'announced' | 'deferred' | 'approved' | 'denied' | 'expired' | 'superseded';
export type ProposalVerb = 'announce' | 'approve' | 'defer' | 'wake' | 'deny' | 'expire' | 'revoke' | 'supersede';

/** One person's word on one exact plan. */
export type Vote = {
  readonly person: PersonId;
  readonly name: string;
  readonly verb: 'approve' | 'deny';
  readonly digest: PlanDigest;
  readonly at: Date;
};

/** Advisories and CVEs behind a priority: the worst few by name, the others as numbers (facts on feeds: 2,018 CVEs in one kernel). */
export type Threat = {
  readonly severity: Severity;
  /** As the vendor wrote it; null = the vendor does not say. */
  readonly vendorSeverity: string | null;
  /** Worst first, at most 5. */
  readonly advisories: readonly { readonly id: string; readonly title: string }[];
  readonly advisoryCount: number;
  /** By KEV, then EPSS, at most 5. `epss` 0 to 1; null = no data. */
  readonly cves: readonly { readonly id: string; readonly kev: boolean; readonly epss: number | null }[];
  readonly cveCount: number;
  /** Devices of the plan that are on the internet, or that nobody has said of. */
  readonly exposed: number;
};

/** How urgent something is, and what makes it so. */
export type Worth = Pick<Proposal, 'priority' | 'threat'>;

/** How a proposal ended, and what became of that. */
export type Decision = {
  readonly by: string;
  readonly at: Date;
  readonly reason: string | null;
  /** Triage ended it, not votes about this plan; with another verdict the patch is offered again. */
  readonly declined?: true;
  /** What the patch would be worth if it was proposed now, when that is not what it was denied with. */
  readonly worth?: Worth;
  /** Each time that it became urgent after it was denied: people were told, and asked whether to propose it again. */
  readonly urged?: readonly {
    readonly at: Date;
    readonly because: string;
    readonly band: Priority['band'];
    readonly score: number;
  }[];
  /** Who had it proposed again. */
  readonly again?: { readonly by: string; readonly at: Date };
};

export type Proposal = {
  readonly id: ProposalId;
  readonly tenant: TenantId;
  readonly rev: number;
  readonly state: ProposalState;
  readonly patch: PatchId;
  readonly policy: PolicyId;
  readonly plan: Plan;
  readonly digest: PlanDigest;
  /** The revision in which the plan last changed: a card drawn from an older one is stale. */
  readonly planRev: number;
  readonly priority: Priority;
  /** What the priority was computed from, for the card. */
  readonly threat: Threat;
  /** The digest that announced it; null = it has a card of its own, or waits for its digest (state `open`). */
  readonly inDigest: DigestId | null;
  /** The digest that it has left for a card of its own, because it became urgent. */
  readonly formerDigest: DigestId | null;
  /** When people first heard of it; null = not yet. */
  readonly announcedAt: Date | null;
  readonly votes: readonly Vote[];
  /** Who asked for it; null = patchherd itself, after a scan. */
  readonly requestedBy: PersonId | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly deferredUntil: Date | null;
  readonly decided: Decision | null;
  readonly rollout: RolloutId | null;
  /** Why votes were voided last, for the card; null when none were. */
  readonly voided: string | null;
};

export const proposalMoves: Record<ProposalState, Partial<Record<ProposalVerb, ProposalState>>> = {
  open: { announce: 'announced', supersede: 'superseded' },
  announced: { approve: 'approved', defer: 'deferred', deny: 'denied', expire: 'expired', supersede: 'superseded' },
  deferred: { wake: 'announced', deny: 'denied', supersede: 'superseded' },
  approved: { revoke: 'announced' },
  denied: {},
  expired: { announce: 'announced' },
  superseded: {},
};

/** Takes one step, or says why not. `change` sets what else changes with it. */
export function moveProposal(
  proposal: Proposal,
  verb: ProposalVerb,
  change: Partial<Proposal> = {},
): Result<Proposal, Refusal> {
  const next = proposalMoves[proposal.state][verb];
  if (!next) return err(notNow(proposal));
  return ok({ ...proposal, ...change, state: next, rev: proposal.rev + 1 });
}

/** What to tell somebody who comes too late. */
function notNow(proposal: Proposal): Refusal {
  const { decided, state } = proposal;
  if (!decided) return { code: 'proposal.no-such-move', state };
  return { code: 'proposal.decided', state, by: decided.by, at: `${decided.at.toISOString().slice(0, 16)} UTC` };
}

/**
 * A button press is only good for the plan that its card showed: yesterday's button must not approve today's device list.
 * Later revisions with the same plan (somebody else's vote) are fine.
 */
export const isStale = (proposal: Proposal, seenRev: number): boolean =>
  seenRev < proposal.planRev || seenRev > proposal.rev;

/**
 * Counts one vote. The proposal is decided as soon as a threshold is met; `deny` has its own count. Refuses: stale card,
 * already decided, second vote of the same person, the requester approving an own request (persons, never chat ids).
 */
export function vote(
  proposal: Proposal,
  by: Person,
  verb: 'approve' | 'deny',
  at: Date,
  { seenRev, thresholds, reason }: { seenRev: number; thresholds: Policy['approvals']; reason: string | null },
): Result<Proposal, Refusal> {
  if (!proposalMoves[proposal.state][verb]) return err(notNow(proposal));
  if (isStale(proposal, seenRev)) return err({ code: 'proposal.stale' });
  if (verb === 'approve' && proposal.requestedBy === by.id) return err({ code: 'proposal.own' });
  const need = thresholds[verb];
  const others = proposal.votes.filter((cast) => cast.digest === proposal.digest && cast.person !== by.id);
  const before = proposal.votes.find((cast) => cast.person === by.id && cast.digest === proposal.digest);
  if (before?.verb === verb) return err({ code: 'proposal.voted', have: count(proposal.votes, verb), need });
  const votes = [...others, { person: by.id, name: by.name, verb, digest: proposal.digest, at }];
  if (count(votes, verb) < need) return ok({ ...proposal, votes, rev: proposal.rev + 1 });
  const names = votes.filter((cast) => cast.verb === verb).map((cast) => cast.name);
  return moveProposal(proposal, verb, { votes, decided: { by: names.join(' and '), at, reason } });
}

const count = (votes: readonly Vote[], verb: Vote['verb']): number => votes.filter((cast) => cast.verb === verb).length;

/**
 * A person wants a denied patch proposed again: the next round may begin, nothing is approved by it. Said twice it changes nothing.
 * Refuses: not denied, stale card.
 */
export function askAgain(proposal: Proposal, by: Person, at: Date, seenRev: number): Result<Proposal, Refusal> {
  const { decided, state } = proposal;
  if (state !== 'denied' || !decided) return err({ code: 'proposal.no-such-move', state });
  if (isStale(proposal, seenRev)) return err({ code: 'proposal.stale' });
  if (decided.again) return ok(proposal);
  return ok({ ...proposal, decided: { ...decided, again: { by: by.name, at } }, rev: proposal.rev + 1 });
}

/** A new plan voids every vote; the card says why. Does nothing when the digest is the same. Decided proposals keep their plan. */
export function replan(proposal: Proposal, plan: Plan, digest: PlanDigest, because: string): Proposal {
  if (digest === proposal.digest || !undecided.includes(proposal.state)) return proposal;
  const rev = proposal.rev + 1;
  const voided = proposal.votes.length > 0 ? because : proposal.voided;
  return { ...proposal, plan, digest, planRev: rev, rev, votes: [], voided };
}

/** Nothing is known of any advisory. */
export const noThreat: Threat = {
  severity: 'unrated',
  vendorSeverity: null,
  advisories: [],
  advisoryCount: 0,
  cves: [],
  cveCount: 0,
  exposed: 0,
};

/** States in which people can still decide. */
export const undecided: readonly ProposalState[] = ['open', 'announced', 'deferred'];

/** Most urgent first, equally urgent ones by name. */
export const mostUrgentFirst = <P extends Pick<Proposal, 'priority' | 'patch'>>(all: readonly P[]): readonly P[] =>
  [...all].sort((a, b) => byUrgency(a.priority, b.priority) || (a.patch < b.patch ? -1 : 1));
