/** What the shell does with feeds: ask their sources now, and take files that somebody brings. */
import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { nearest } from '../../config/problems.ts';
import { fleetReleases } from '../../domain/flows/fleet-releases.ts';
import { event } from '../../domain/model/audit.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { NoticeId } from '../../domain/model/notice.ts';
import type { Person } from '../../domain/model/people.ts';
import type { Feed, Wanted } from '../../workers/feeds/feed.ts';
import { whoseFile } from '../../workers/feeds/guess.ts';
import { allFeeds, feedById, feeds, feedsFor } from '../../workers/feeds/index.ts';
import { importFile, type Synced, type SyncParts, syncFeed } from '../../workers/feeds/sync.ts';
import { wantedCves, wantedReleases } from '../../workers/feeds/wanted.ts';
import { feedJob } from '../../workers/main.ts';
import type { Say, Session } from './session.ts';
import { workerHint } from './worker-hint.ts';

/**
 * Asks one feed, or all that the fleet has use for, whether they are due or not. Gives false when one of them failed. Failures:
 * `feed.unknown`.
 */
export async function syncNow(
  session: Session,
  by: Person,
  { id, force }: { readonly id: string | undefined; readonly force: boolean },
  say: Say,
): Promise<boolean> {
  const { world } = session.base;
  const settings = session.settings.feeds;
  const releases = await fleetReleases(world);
  const named = id === undefined ? null : find(id);
  const chosen = named ? allFeeds(settings).filter(({ feed }) => feed === named) : feedsFor(releases, settings);
  if (chosen.length === 0) say('No feed is on: feeds.enabled is false in the settings. Name the one that you want.');
  let good = true;
  let changed = false;
  for (const { feed, url } of chosen) {
    const wanted = await wantedFor(session, feed, releases);
    const synced = await syncFeed(partsOf(session), feed, { wanted, url, force });
    say(told(feed, synced));
    good &&= synced.kind !== 'failed' && synced.kind !== 'stopped';
    changed ||= synced.kind === 'taken' && synced.tally.changed > 0;
    if (force && synced.kind === 'taken') await note(session, by, feed, 'feed.forced', {});
  }
  if (changed) await workerHint(session.base, say);
  return good;
}

export type ImportOptions = { readonly feed?: string; readonly force?: boolean };

/**
 * Takes a file over as if the feed's source had given it. Failures: `feed.unknown`; `feed.import` when it is no file of that feed, of no
 * feed at all, or of several; nothing was changed then.
 */
export async function importNow(
  session: Session,
  by: Person,
  file: string,
  { feed: named, force = false }: ImportOptions,
  say: Say,
): Promise<void> {
  const feed = named === undefined ? await guess(file, say) : find(named);
  const wanted = await wantedFor(session, feed, await fleetReleases(session.base.world));
  const synced = await importFile(partsOf(session), feed, file, { wanted, force });
  if (synced.kind === 'failed') throw new Failure('feed.import', `${synced.problem.text} Nothing was imported.`);
  if (synced.kind !== 'taken') throw new Failure('feed.busy', told(feed, synced));
  say(told(feed, synced));
  for (const example of synced.tally.examples) say(`  left out: ${example}`);
  const { records, dropped } = synced.tally;
  await note(session, by, feed, 'feed.imported', { file: basename(file), records, dropped });
  if (synced.tally.changed > 0) await workerHint(session.base, say);
}

async function guess(file: string, say: Say): Promise<Feed> {
  const found = await whoseFile(feeds, file);
  const [feed, other] = found;
  if (!feed) {
    const text = `${file} is a file of no feed that is known here, or it is damaged. With --feed, one of ${ids()}, you are told what is wrong.`;
    throw new Failure('feed.import', text);
  }
  if (other) {
    const names = found.map(({ id }) => id).join(' or ');
    throw new Failure('feed.import', `${file} may be a file of ${names}: say which with --feed.`);
  }
  say(`${file} is a file of ${feed.title} (${feed.id}).`);
  return feed;
}

const ids = (): string => feeds.map(({ id }) => id).join(', ');

function find(id: string): Feed {
  const feed = feedById(id);
  if (feed) return feed;
  const meant = nearest(
    id,
    feeds.map((one) => one.id),
  );
  throw new Failure('feed.unknown', `There is no feed "${id}"${meant ? `; did you mean "${meant}"?` : `: ${ids()}.`}`);
}

/** What is imported before anything else is known is kept whole: the advisories that name the CVEs may come afterwards. */
async function wantedFor({ base }: Session, feed: Feed, releases: ReadonlySet<string>): Promise<Wanted> {
  if (feed.gives !== 'cves') return wantedReleases(releases);
  const nothingKnown = (await base.world.advisories.revision()) === 0;
  return nothingKnown ? wantedReleases(releases) : wantedCves(base.world, releases);
}

const partsOf = ({ base, settings }: Session): SyncParts => ({
  ...feedJob(settings),
  world: { ...base.world, claims: base.store.claims, owner: base.owner },
});

/** How one sync ended, in a sentence. */
function told({ title }: Feed, synced: Synced): string {
  if (synced.kind === 'failed') return synced.problem.text;
  if (synced.kind === 'unchanged') return `${title}: nothing has changed.`;
  if (synced.kind === 'busy') return `${title}: another process is reading it just now. Try again in a minute.`;
  if (synced.kind === 'stopped') return `${title}: stopped.`;
  const { records, changed, dropped } = synced.tally;
  const left = dropped > 0 ? `, ${dropped} unreadable and left out` : '';
  return `${title}: ${records} ${records === 1 ? 'record' : 'records'} read, ${changed} new or changed${left}.`;
}

/** Who did it goes into the audit trail; the channel has no use for it. */
async function note(
  { base: { world } }: Session,
  by: Person,
  { id: feed, title }: Feed,
  what: string,
  details: Record<string, string | number>,
): Promise<void> {
  const at = world.clock.now();
  const id = `feed-${randomUUID()}` as NoticeId;
  const words = { about: `feed:${feed}`, title, tone: 'plain', status: what, text: by.name, items: null } as const;
  const events = [event(at, { id: by.id, name: by.name }, what, feed, details)];
  await world.notices.insert({ ...words, id, at, rev: 1, tenant: world.tenant }, { events, quiet: true });
}
