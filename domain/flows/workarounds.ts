/** Workarounds: what people do in place of a patch, until it is over. They change no due date and no score: a mitigation is no fix. */
import { line } from '../cards/card.ts';
import { names } from '../cards/words.ts';
import { untilText } from '../cards/workaround-facts.ts';
import type { Refusal } from '../errors.ts';
import { advisoryKey } from '../model/advisory.ts';
import { event } from '../model/audit.ts';
import { isCve } from '../model/cve.ts';
import type { DeviceId, PatchId, WorkaroundId } from '../model/ids.ts';
import type { NoticeId } from '../model/notice.ts';
import type { Person } from '../model/people.ts';
import { err, ok, type Result } from '../model/result.ts';
import { sentenceOf } from '../model/text.ts';
import { mostDays, moveWorkaround, subjectName, type Workaround, workaroundId } from '../model/workaround.ts';
import type { World } from '../ports.ts';
import { notify } from './notice.ts';
import { actor, own, said, update } from './say.ts';
import { tellPatch } from './tell-patch.ts';
import { patchNamed } from './views.ts';

const everything = 1_000_000;
/** Devices named in a notice; the others are a number. */
const listed = 20;
const dayMs = 86_400_000;

/** What a person typed. `until`: `2026-12-20`, or `30d`. */
export type Typed = { readonly subject: string; readonly until: string; readonly text: string };

/**
 * Adds a workaround; whoever adds it answers for it. Refusals: those of `patchNamed`, `value.wrong`, and `workaround.exists` when this
 * person has said the same of the same subject and it is still active.
 */
export async function addWorkaround(
  world: World,
  { subject: about, until, text: typed }: Typed,
  by: Person,
): Promise<Result<Workaround, Refusal>> {
  const subject = await readSubject(world, about);
  if (!subject.ok) return subject;
  const expiresAt = readUntil(world, until, by.zone);
  if (!expiresAt.ok) return expiresAt;
  const [what = '', ...rest] = typed.split(/(?:^|\s)proof:/i);
  const text = sentenceOf(what, 'text');
  if (!text.ok) return text;
  const proof = rest.length > 0 ? sentenceOf(rest.join('proof:'), 'proof') : ok(null);
  if (!proof.ok) return proof;
  const said = { subject: subject.value, text: text.value, owner: by.id };
  return insertRound(
    world,
    {
      id: await workaroundId(said),
      tenant: world.tenant,
      rev: 1,
      ...said,
      proof: proof.value,
      by: by.name,
      at: world.clock.now(),
      expiresAt: expiresAt.value,
      state: 'active',
      ended: null,
    },
    by,
  );
}

/** One that is over does not come back: the same words again are a new one beside it. */
async function insertRound(world: World, first: Workaround, by: Person): Promise<Result<Workaround, Refusal>> {
  for (let round = 1; ; round += 1) {
    const id = (round === 1 ? first.id : `${first.id}-${round}`) as WorkaroundId;
    const added = { ...first, id };
    const details = { subject: added.subject, text: added.text, until: added.expiresAt.toISOString() };
    if (await world.workarounds.insert(added, said(event(added.at, actor(by), 'workaround.added', id, details)))) {
      await tell(world, added, 'Workaround', 'In place', untilText(added));
      return ok(added);
    }
    const known = await world.workarounds.get(id);
    if (known?.state === 'active') return err({ code: 'workaround.exists', id });
  }
}

/** Takes a workaround away before its time. Refusals: `workaround.unknown`, `workaround.no-such-move`, `value.wrong`. */
export async function endWorkaround(
  world: World,
  id: WorkaroundId,
  why: string,
  by: Person,
): Promise<Result<Workaround, Refusal>> {
  const reason = sentenceOf(why, 'reason');
  if (!reason.ok) return reason;
  const at = world.clock.now();
  const unknown: Refusal = { code: 'workaround.unknown', subject: id };
  const changed = await update<Workaround, Refusal>(world.workarounds, id, unknown, (now) => {
    const moved = moveWorkaround(now, 'end', { ended: { by: by.name, at, reason: reason.value } });
    if (!moved.ok) return moved;
    const details = { subject: now.subject, reason: reason.value };
    return ok({ next: moved.value, said: said(event(at, actor(by), 'workaround.ended', id, details)) });
  });
  if (changed.ok) {
    await tell(
      world,
      changed.value,
      'Workaround ended',
      `Ended by ${by.name}`,
      `${changed.value.text} Why: ${reason.value}`,
    );
  }
  return changed;
}

/**
 * Says in the channel, once, that a workaround is over, whose it was and which devices stand open now; then it is over. In this order,
 * because a worker that dies in between must not make it end in silence. Safe to repeat.
 */
export async function expireWorkaround(world: World, workaround: Workaround): Promise<void> {
  const { id, subject, by, text, expiresAt } = workaround;
  const at = world.clock.now();
  if (workaround.state !== 'active' || expiresAt > at) return;
  const open = await openDevices(world, subject);
  const bare = `${by}: ${text}`;
  const words = {
    id: `workaround:${id}` as NoticeId,
    about: `workaround:${id}`,
    title: `The workaround for ${subjectName(subject)} has expired`,
    tone: 'warn' as const,
    status: 'Expired',
    text:
      open.length > 0 ? `${bare} ${by} answers for it: add it again, or patch.` : `${bare} No device is open to it.`,
    items:
      open.length > 0
        ? { title: 'Open devices', lines: open.slice(0, listed), more: Math.max(0, open.length - listed) }
        : null,
  };
  const details = { subject, owner: workaround.owner, devices: open.length };
  await notify(world, words, own(at, 'workaround.expiry-told', id, details));
  const over = await update(world.workarounds, id, null, (now) => {
    const moved = moveWorkaround(now, 'expire');
    if (!moved.ok) return ok({ next: now, said: { events: [] } });
    return ok({ next: moved.value, said: said(own(at, 'workaround.expired', id, { subject })) });
  });
  if (over.ok && over.value.state === 'expired') {
    const on = open.length > 0 ? `Open: ${names(open, 5)}.` : 'No device is open to it.';
    await tell(world, over.value, 'Workaround expired', 'Expired', `${bare} ${on}`);
  }
}

async function readSubject(world: World, typed: string): Promise<Result<string, Refusal>> {
  const cve = typed.toUpperCase();
  if (isCve(cve)) return ok(cve);
  const found = await patchNamed(world, typed);
  return found.ok ? ok(found.value.id) : found;
}

/** `30d` is so many times 24 hours; a day ends with its last minute where the owner lives. */
function readUntil(world: World, typed: string, zone: string): Result<Date, Refusal> {
  const now = world.clock.now();
  const rule = `say a day such as 2026-12-20, or a number of days such as 30d: at most ${mostDays} days from now.`;
  const wrong = err<Refusal>({ code: 'value.wrong', name: 'until', value: typed.slice(0, 40), rule });
  const [, days] = /^(\d{1,3})d$/i.exec(typed) ?? [];
  const until = days === undefined ? endOfDay(world, typed, zone) : new Date(now.getTime() + Number(days) * dayMs);
  if (!until || until <= now || until.getTime() - now.getTime() > mostDays * dayMs) return wrong;
  return ok(until);
}

/** The calendar knows zones and clocks that change; it gives the next such day, which has to be this one. */
function endOfDay({ calendar, clock }: World, typed: string, zone: string): Date | null {
  const [, month, day] = /^\d{4}-(\d{2})-(\d{2})$/.exec(typed) ?? [];
  const read = new Date(`${typed}T00:00:00Z`);
  // 30 February is read as 2 March.
  const real = !Number.isNaN(read.getTime()) && read.toISOString().startsWith(typed);
  if (month === undefined || day === undefined || !real) return null;
  const cron = `59 23 ${Number(day)} ${Number(month)} *`;
  const [next] = calendar.upcoming({ cron, zone, durationMinutes: 1, cutoffMinutes: 0 }, clock.now(), 1);
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return next && format.format(next.start) === typed ? next.start : null;
}

/** Cards that show it are drawn again, and their threads say what changed. */
async function tell(
  world: World,
  workaround: Workaround,
  title: string,
  status: string,
  text: Parameters<typeof line>[3],
): Promise<void> {
  const tone = workaround.state === 'active' ? 'plain' : 'warn';
  const card = line(title, tone, status, text);
  const key = `workaround:${workaround.id}:${workaround.state}`;
  for (const patch of await patchesOf(world, workaround)) await tellPatch(world, patch, key, card);
}

/** The patch itself, or those that fix the CVE on some device. */
async function patchesOf(world: World, { subject }: Workaround): Promise<readonly PatchId[]> {
  if (!isCve(subject)) return [subject as PatchId]; // `readSubject` is the only writer
  const naming = (await world.advisories.naming(subject, everything)).map(advisoryKey);
  if (naming.length === 0) return [];
  const fixing = await world.patches.pick({ advisories: { holding: naming } }, ['id'], everything);
  return fixing.map(({ id }) => id);
}

/** Names of devices that the subject still concerns, in order. */
async function openDevices(world: World, subject: string): Promise<readonly string[]> {
  const ids = isCve(subject) ? await openTo(world, subject) : await missing(world, subject as PatchId);
  const devices =
    ids.length > 0 ? await world.devices.find({ id: { in: [...new Set(ids)] }, retired: false }, everything) : [];
  return devices.map(({ name }) => name).sort();
}

async function openTo(world: World, cve: string): Promise<readonly DeviceId[]> {
  const naming = await world.advisories.naming(cve, everything);
  return naming.length > 0 ? world.findings.devicesOpenTo(naming.map(advisoryKey), everything) : [];
}

/** In any of these, the device does not have the patch and would need it. */
const without = ['missing', 'held', 'phased', 'kept-back', 'failed', 'rolled-back', 'declined', 'excepted'] as const;
const missing = async (world: World, patch: PatchId): Promise<readonly DeviceId[]> =>
  (await world.applicabilities.find({ patch, state: { in: without } }, everything)).map(({ device }) => device);
