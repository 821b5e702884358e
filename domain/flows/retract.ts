/** A patch that its vendor, or a person, takes back: nothing of it starts any more, what runs pauses, and everybody concerned hears of it. */
import { type Card, line } from '../cards/card.ts';
import { names } from '../cards/words.ts';
import type { Refusal } from '../errors.ts';
import type { Advisory } from '../model/advisory.ts';
import { event, patchherd } from '../model/audit.ts';
import { type Device, type Inventory, platformOf } from '../model/device.ts';
import type { PatchId } from '../model/ids.ts';
import type { NoticeId, NoticeWords } from '../model/notice.ts';
import type { Patch } from '../model/patch.ts';
import type { Person } from '../model/people.ts';
import { moveProposal, type Proposal, undecided } from '../model/proposal.ts';
import { err, ok, type Result } from '../model/result.ts';
import { moveRollout, startingRollouts } from '../model/rollout.ts';
import type { World } from '../ports.ts';
import { notify } from './notice.ts';
import { proposePatch } from './propose.ts';
import { actor, own, said, update } from './say.ts';

const everything = 1_000_000;
/** Devices named in a thread, and in the channel; the others are a number. */
const [named, listed] = [5, 20];

const unknown = (subject: PatchId): Refusal => ({ code: 'patch.unknown', subject });
const textOf = ({ by, reason }: NonNullable<Patch['retracted']>): string => `Retracted by ${by}: ${reason}`;

/**
 * Takes a patch back. `by` null = its vendor, by a feed. Devices that are at work finish, because stopping inside of an install is
 * worse; nothing new starts. Gives the names of devices that have it. Refusal: `patch.unknown`. Safe to repeat.
 */
export async function retractPatch(
  world: World,
  id: PatchId,
  reason: string,
  by: Person | null,
): Promise<Result<readonly string[], Refusal>> {
  const at = world.clock.now();
  const retracted = { reason, by: by?.name ?? 'its vendor', at };
  const marked = await update<Patch, Refusal>(world.patches, id, unknown(id), (now) => {
    if (now.retracted) return ok({ next: now, said: { events: [] } });
    const what = event(at, by ? actor(by) : patchherd, 'patch.retracted', id, { reason });
    return ok({ next: { ...now, retracted, rev: now.rev + 1 }, said: said(what) });
  });
  return marked.ok ? ok(await followRetraction(world, marked.value)) : marked;
}

/** Draws the consequences of a retraction; repeated for one whose process was killed half-way. Gives the devices that have the patch. */
export async function followRetraction(world: World, patch: Patch): Promise<readonly string[]> {
  const { retracted } = patch;
  if (!retracted) return [];
  const text = textOf(retracted);
  for (const rollout of await world.rollouts.find({ patch: patch.id, state: { in: startingRollouts } })) {
    await update(world.rollouts, rollout.id, null, (now) => {
      const moved = moveRollout(now, 'pause', { because: text });
      if (!moved.ok) return ok({ next: now, said: { events: [] } });
      return ok({ next: moved.value, said: said(own(retracted.at, 'rollout.paused', now.id, { reason: text })) });
    });
  }
  const having = await devicesWith(world, patch);
  const has = having.length > 0 ? `It is installed on ${names(having, named)}.` : 'No device has it installed.';
  const card = line('Patch retracted', 'bad', 'Nothing of it starts any more', `${text} ${has}`);
  const proposals = await world.proposals.find({ patch: patch.id });
  for (const { id } of proposals) await tellProposal(world, id, patch, card);
  // What nobody has and nobody has heard of is no news.
  if (having.length > 0 || proposals.some(({ announcedAt }) => announcedAt !== null)) {
    const event = own(retracted.at, 'patch.retraction-told', patch.id, { devices: having.length });
    await notify(world, wordsFor(patch, 'Nothing of it starts any more', text, having), event);
  }
  return having;
}

const noticeId = (patch: PatchId): NoticeId => `retracted:${patch}` as NoticeId;

/** The message in the channel: what was taken back, why, and who has it. */
function wordsFor(
  { id, source, version }: Patch,
  status: string,
  text: string,
  having: readonly string[],
): NoticeWords {
  const has = { title: 'Installed on', lines: having.slice(0, listed), more: Math.max(0, having.length - listed) };
  return {
    id: noticeId(id),
    about: `patch:${id}`,
    title: `${source} ${version} was retracted`,
    tone: 'bad',
    status,
    text: having.length > 0 ? text : `${text} No device has it installed.`,
    items: having.length > 0 ? has : null,
  };
}

/** Undecided ones end; the others are drawn again, and all of them say why. */
async function tellProposal(world: World, id: Proposal['id'], { retracted }: Patch, card: Card): Promise<void> {
  if (!retracted) return;
  await update(world.proposals, id, null, (now) => {
    const lines = now.announcedAt === null ? [] : [{ key: `retracted:${id}:${retracted.at.getTime()}`, card }];
    const text = textOf(retracted);
    if (!undecided.includes(now.state)) {
      return ok({ next: { ...now, rev: now.rev + 1 }, said: { events: [], lines } });
    }
    const ended = moveProposal(now, 'supersede', { decided: null, voided: text });
    if (!ended.ok) return ok({ next: now, said: { events: [] } });
    return ok({ next: ended.value, said: said(own(retracted.at, 'proposal.superseded', id, { reason: text }), lines) });
  });
}

/** Names of devices whose last scan found exactly this version, in order. */
async function devicesWith(world: World, { platform, source, version }: Patch): Promise<readonly string[]> {
  const all = await world.devices.find({ retired: false }, everything);
  const devices = new Map(all.map((device) => [device.id, device]));
  const found: Device[] = [];
  const has = ({ packages }: Inventory): boolean =>
    packages.some((one) => one.source === source && one.sourceVersion === version);
  for await (const inventory of world.inventories.all()) {
    const device = devices.get(inventory.device);
    if (device?.facts && platformOf(device.facts) === platform && has(inventory)) found.push(device);
  }
  return found.map(({ name }) => name).sort();
}

/** A person takes the retraction back: devices are offered the patch again. Rollouts stay paused until somebody resumes them. */
export async function unretract(world: World, id: PatchId, by: Person): Promise<Result<Patch, Refusal>> {
  const at = world.clock.now();
  const lifted = await update<Patch, Refusal>(world.patches, id, unknown(id), (now) => {
    if (!now.retracted) return err({ code: 'patch.not-retracted', subject: `${now.source} ${now.version}` });
    const next = { ...now, retracted: null, rev: now.rev + 1 };
    return ok({ next, said: said(event(at, actor(by), 'patch.offered-again', id)) });
  });
  if (!lifted.ok) return lifted;
  const card = line('Retraction lifted', 'warn', 'Offered again', `${by.name} lifted the retraction.`);
  for (const proposal of await world.proposals.find({ patch: id })) {
    await update(world.proposals, proposal.id, null, (now) => {
      const lines = now.announcedAt === null ? [] : [{ key: `unretracted:${now.id}:${at.getTime()}`, card }];
      return ok({ next: { ...now, rev: now.rev + 1 }, said: { events: [], lines } });
    });
  }
  if (await world.notices.get(noticeId(id))) {
    const event = own(at, 'patch.retraction-told', id, { devices: 0 });
    const words = wordsFor(lifted.value, `Lifted by ${by.name}`, 'Devices are offered it again.', []);
    await notify(world, { ...words, tone: 'warn', text: 'Devices are offered it again.' }, event);
  }
  await proposePatch(world, id);
  return lifted;
}

/**
 * Whether an advisory takes exactly this patch back: a repository's update that is marked as retracted, with this very version. One
 * that is only gone from its feed does not, nor does a bulletin that was withdrawn: the fault may have been none, the update is fine.
 */
export function takenBackBy({ source, version }: Patch, advisory: Advisory): boolean {
  const { feed, withdrawn, modified, published, affected } = advisory;
  // The feed dates a retraction by the vendor's own date; what is merely gone is dated by when that was noticed.
  const said = (modified ?? published)?.getTime();
  if (feed !== 'updateinfo' || !withdrawn || withdrawn.getTime() !== said) return false;
  const bare = (text: string) => text.replace(/^\d+:/, '');
  return affected.some(
    ({ fixed, package: name }) =>
      fixed !== null && bare(fixed) === bare(version) && (name === source || name.startsWith(source)),
  );
}
