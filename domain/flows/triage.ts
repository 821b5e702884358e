/** Triage: what people say a patch is worth, and what they know it breaks. */
import { line } from '../cards/card.ts';
import type { Refusal } from '../errors.ts';
import { event } from '../model/audit.ts';
import type { PatchId } from '../model/ids.ts';
import { type Patch, type TriageVerdict, triageVerdicts } from '../model/patch.ts';
import type { Person } from '../model/people.ts';
import { sha256 } from '../model/plan.ts';
import { err, ok, type Result } from '../model/result.ts';
import { livingRollouts } from '../model/rollout.ts';
import { sentenceOf } from '../model/text.ts';
import type { World } from '../ports.ts';
import { proposePatch } from './propose.ts';
import { actor, said, update } from './say.ts';
import { tellPatch } from './tell-patch.ts';

const unknown = (subject: PatchId): Refusal => ({ code: 'patch.unknown', subject });
const readable = triageVerdicts.join(', ');

/** One of the four words, in any case. Refusal: `value.wrong`. */
export function readVerdict(typed: string): Result<TriageVerdict, Refusal> {
  const found = triageVerdicts.find((one) => one === typed.trim().toLowerCase());
  const value = typed.trim().slice(0, 40);
  return found ? ok(found) : err({ code: 'value.wrong', name: 'verdict', value, rule: `say one of ${readable}.` });
}

/** A verdict and its rationale in one line, as a button asks for it: `necessary: exploited and exposed`. Refusal: `value.wrong`. */
export function readTriage(typed: string): Result<{ verdict: TriageVerdict; rationale: string }, Refusal> {
  const colon = typed.indexOf(':');
  const rationale = typed.slice(colon + 1).trim();
  if (colon < 0 || rationale === '') {
    const rule = `write a verdict, a colon and why, such as "necessary: exploited and exposed". Verdicts: ${readable}.`;
    return err({ code: 'value.wrong', name: 'answer', value: typed.trim().slice(0, 40), rule });
  }
  const verdict = readVerdict(typed.slice(0, colon));
  return verdict.ok ? ok({ verdict: verdict.value, rationale }) : verdict;
}

/** The patch with its verdict, and how many rollouts of it were approved before and go on. */
export type Triaged = { readonly patch: Patch; readonly goesOn: number };

/**
 * Says what a patch is worth. `undesirable` declines it: what nobody has decided ends as denied, and no device is offered it any more.
 * Any other verdict lifts that: devices are offered it again as soon as its plan was simulated anew. Safe to repeat.
 * Refusals: `patch.unknown`, and `value.wrong` for a rationale that is empty or too long.
 */
export async function triage(
  world: World,
  id: PatchId,
  { verdict, rationale }: { readonly verdict: TriageVerdict; readonly rationale: string },
  by: Person,
): Promise<Result<Triaged, Refusal>> {
  const why = sentenceOf(rationale, 'rationale');
  if (!why.ok) return why;
  const at = world.clock.now();
  const given = { verdict, rationale: why.value, by: by.name, at };
  const marked = await update<Patch, Refusal>(world.patches, id, unknown(id), (now) => {
    const old = now.verdict;
    // Said again after an answer got lost: then only the consequences are drawn again.
    const same = old?.verdict === verdict && old.rationale === given.rationale && old.by === given.by;
    if (same) return ok({ next: now, said: { events: [] } });
    const details = { verdict, rationale: given.rationale, before: old?.verdict ?? 'none' };
    return ok({
      next: { ...now, verdict: given, rev: now.rev + 1 },
      said: said(event(at, actor(by), 'patch.triaged', id, details)),
    });
  });
  if (!marked.ok) return marked;
  const { verdict: now } = marked.value;
  // First those that it ends, so that their threads say it once.
  await proposePatch(world, id);
  if (now) {
    const card = line('Verdict', 'plain', now.verdict, `${now.by}: ${now.rationale}`);
    await tellPatch(world, id, `verdict:${now.verdict}:${now.at.getTime()}`, card);
  }
  const goesOn = await world.rollouts.count({ patch: id, state: { in: livingRollouts } });
  return ok({ patch: marked.value, goesOn });
}

/**
 * Adds what is known to break with a patch: its cards show it, threads say it, also of those that have it already. The same words
 * again add nothing. Refusals: `patch.unknown`, `value.wrong`.
 */
export async function addSideEffect(
  world: World,
  id: PatchId,
  typed: string,
  by: Person,
): Promise<Result<Patch, Refusal>> {
  const read = sentenceOf(typed, 'side effect');
  if (!read.ok) return read;
  const text = read.value;
  const added = { text, by: by.name, at: world.clock.now() };
  const noted = await update<Patch, Refusal>(world.patches, id, unknown(id), (now) => {
    if (now.sideEffects.some((one) => one.text === text)) return ok({ next: now, said: { events: [] } });
    const next = { ...now, sideEffects: [...now.sideEffects, added], rev: now.rev + 1 };
    return ok({ next, said: said(event(added.at, actor(by), 'patch.side-effect-added', id, { text })) });
  });
  if (!noted.ok) return noted;
  const known = noted.value.sideEffects.find((one) => one.text === text) ?? added;
  const card = line('Known side effect', 'warn', 'Known', `${known.by}: ${text}`);
  await tellPatch(world, id, `side-effect:${(await sha256(text)).slice(0, 12)}`, card);
  return noted;
}
