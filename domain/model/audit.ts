/** One fact for the audit trail: who did what to what, and when. The chain adds sequence number and hashes. */
import type { PersonId, TenantId } from './ids.ts';
import { canonical, sha256 } from './plan.ts';

export type Actor =
  | { readonly id: PersonId; readonly name: string }
  | { readonly id: 'patchherd'; readonly name: 'patchherd' };
export const patchherd: Actor = { id: 'patchherd', name: 'patchherd' };

export type AuditEvent = {
  /** Unique: an event that is delivered twice enters the chain once. */
  readonly id: string;
  readonly at: Date;
  readonly by: Actor;
  /** `noun.past` */
  readonly what: string;
  /** Id of the record it happened to. */
  readonly on: string;
  readonly details: Readonly<Record<string, string | number>>;
};

/** A link of the chain: `hash` covers everything else in it, `prev` is the hash of the link before. */
export type AuditLink = {
  readonly seq: number;
  readonly tenant: TenantId;
  readonly prev: string;
  readonly event: AuditEvent;
  readonly hash: string;
};

/** The `prev` of the first link. */
export const genesis = '0'.repeat(64);

/** Makes an event that happened now, at `at`. */
export const event = (
  at: Date,
  by: Actor,
  what: string,
  on: string,
  details: AuditEvent['details'] = {},
): AuditEvent => ({ id: globalThis.crypto.randomUUID(), at, by, what, on, details });

const linkHash = ({ seq, tenant, prev, event: said }: Omit<AuditLink, 'hash'>): Promise<string> =>
  sha256(canonical({ seq, tenant, prev, event: { ...said, at: said.at.toISOString() } }));

/** The link that follows `last` (null at the very start). */
export async function nextLink(tenant: TenantId, last: AuditLink | null, said: AuditEvent): Promise<AuditLink> {
  const link = { seq: (last?.seq ?? 0) + 1, tenant, prev: last?.hash ?? genesis, event: said };
  return { ...link, hash: await linkHash(link) };
}

/** The sequence number of the first link that does not fit, or null when the whole chain holds. `links` are in order of seq from 1. */
export async function firstBroken(links: Iterable<AuditLink> | AsyncIterable<AuditLink>): Promise<number | null> {
  let seq = 1;
  let prev = genesis;
  for await (const link of links) {
    if (link.seq !== seq || link.prev !== prev || (await linkHash(link)) !== link.hash) return seq;
    prev = link.hash;
    seq += 1;
  }
  return null;
}
