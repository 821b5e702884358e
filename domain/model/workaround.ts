/** A mitigation in place of a patch: what was done instead, by whom, until when. Only this file decides where it may go next. */
import type { Refusal } from '../errors.ts';
import { isCve } from './cve.ts';
import type { PersonId, TenantId, WorkaroundId } from './ids.ts';
import { sha256 } from './plan.ts';
import { err, ok, type Result } from './result.ts';

export type WorkaroundState = 'active' | 'expired' | 'ended';
export type WorkaroundVerb = 'expire' | 'end';

/**
 * It never changes a due date or a score: a mitigation is not a fix. The patch stays as urgent as it is, and people see on its card
 * what stands in the way meanwhile.
 */
export type Workaround = {
  readonly id: WorkaroundId;
  readonly tenant: TenantId;
  readonly rev: number;
  /** A CVE, or the id of a patch. */
  readonly subject: string;
  /** What was done, in one sentence. */
  readonly text: string;
  /** What shows that it is in place, such as a ticket or a link; null = nobody said. */
  readonly proof: string | null;
  /** Who answers for it. */
  readonly owner: PersonId;
  /** The owner's name when it was added. */
  readonly by: string;
  readonly at: Date;
  readonly expiresAt: Date;
  readonly state: WorkaroundState;
  /** Who took it away before its time, and why. */
  readonly ended: { readonly by: string; readonly at: Date; readonly reason: string } | null;
};

/** Longer than this nobody remembers why: it has to be looked at and added again. */
export const mostDays = 180;

export const workaroundMoves: Record<WorkaroundState, Partial<Record<WorkaroundVerb, WorkaroundState>>> = {
  active: { expire: 'expired', end: 'ended' },
  expired: {},
  ended: {},
};

/** Takes one step, or says why not. */
export function moveWorkaround(
  workaround: Workaround,
  verb: WorkaroundVerb,
  change: Partial<Workaround> = {},
): Result<Workaround, Refusal> {
  const next = workaroundMoves[workaround.state][verb];
  if (!next) return err({ code: 'workaround.no-such-move', state: workaround.state });
  return ok({ ...workaround, ...change, state: next, rev: workaround.rev + 1 });
}

/** The same words about the same subject by the same person have the same id: adding them twice is adding them once. */
export async function workaroundId({
  subject,
  text,
  owner,
}: Pick<Workaround, 'subject' | 'text' | 'owner'>): Promise<WorkaroundId> {
  return `m-${(await sha256([subject, owner, text].join('\n'))).slice(0, 10)}` as WorkaroundId;
}

/** `CVE-2026-1234`, or `acme-agent 1.1` for a patch. */
export const subjectName = (subject: string): string =>
  isCve(subject) ? subject : subject.slice(subject.indexOf('/') + 1).replace('=', ' ');
