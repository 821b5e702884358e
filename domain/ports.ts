/** Every port on one page: what the domain needs from the world. Adapters throw Failure, never anything of their library's. */
import type { Visit } from './backends/backend.ts';
import type { Card } from './cards/card.ts';
import type { MatchIndex } from './intel/match.ts';
import type { Tighten } from './intel/priority.ts';
import type { Advisory } from './model/advisory.ts';
import type { AuditEvent, AuditLink } from './model/audit.ts';
import type { CveFacts, CveField, CveSaying } from './model/cve.ts';
import type { Deployment } from './model/deployment.ts';
import type { Device, DeviceFacts, Exposure, Inventory } from './model/device.ts';
import type { Digest } from './model/digest.ts';
import type { FeedRule, FeedState } from './model/feed.ts';
import type { DeviceFindings } from './model/finding.ts';
import type { Halt } from './model/halt.ts';
import type { DeploymentId, DeviceId, TenantId } from './model/ids.ts';
import type { Lifecycle } from './model/lifecycle.ts';
import type { ChatPlatform, Destination, MessageRef } from './model/message.ts';
import type { Notice } from './model/notice.ts';
import type { Applicability, Patch } from './model/patch.ts';
import type { Account, Person } from './model/people.ts';
import type { Occurrence, Policy, Window } from './model/policy.ts';
import type { Proposal } from './model/proposal.ts';
import type { Rollout } from './model/rollout.ts';
import type { WorkOrder } from './model/work-order.ts';
import type { Workaround } from './model/workaround.ts';

/** Time, so that tests can own it. */
export interface Clock {
  now(): Date;
}

/** Opens sessions on devices and keeps connections for reuse. */
export interface Devices {
  /**
   * Connects, or reuses a living connection. Failures: `device.unreachable`, `device.timed-out` (retryable);
   * `device.host-key` (nobody accepted this key: no credentials were sent), `device.auth` (login refused), `device.credential` (no such key or secret).
   */
  open(device: Device): Promise<DeviceSession>;
  /** Closes what is kept for this device, for example before a reboot. */
  forget(device: Device): void;
  close(): Promise<void>;
}

/** One session on one device. What the far side did is data, never an exception. */
export interface DeviceSession {
  run(visit: Visit, limit: { timeoutMs: number; signal?: AbortSignal }): Promise<RunOutcome>;
}

export type RunOutcome =
  | {
      readonly kind: 'exited';
      readonly code: number;
      readonly stdout: string;
      readonly stderr: string;
      readonly cut: boolean;
    }
  /** May still be running over there. */
  | {
      readonly kind: 'unknown';
      readonly because: 'lost' | 'killed' | 'timed-out';
      readonly stdout: string;
      readonly stderr: string;
    };

/** One chat platform's way out. `key` names the message for good: it is stored with the message so that `find` finds it again. */
export interface Messenger {
  readonly platform: ChatPlatform;
  /**
   * Sends a new message. Failures: `chat.rate-limited` (retryable, retryAfterMs), `chat.unreachable` (retryable), `chat.closed-inbox`
   * (this person takes no private messages), `chat.unauthorized` (the token is dead: alarm elsewhere), `chat.refused` (anything else).
   */
  post(to: Destination, card: Card, key: string): Promise<MessageRef>;
  /** Redraws a sent message. Same failures; `chat.gone` when somebody deleted it. Safe to repeat. */
  edit(ref: MessageRef, card: Card): Promise<void>;
  /** Looks for a message with this key, after a crash between sending and recording. null = not there, or this platform cannot tell. */
  find(to: Destination, key: string): Promise<MessageRef | null>;
}

/** Recurring times. Pure arithmetic, behind a port because the calendar library is outside the domain. */
export interface Calendar {
  /** The occurrence that `at` is in, else the next one that starts after `at`; null when there is none in the next five years. */
  current(window: Window, at: Date): Occurrence | null;
  /** The next `count` occurrences that start after `at`. */
  upcoming(window: Window, at: Date, count: number): readonly Occurrence[];
}

/** Structured log. `event` is static text of the form `noun.past`; details are fields, never in the text. */
export interface Log {
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

/** Equality, one of several, before an instant, beginning with or containing texts, on top-level fields. */
export type Where<R> = {
  readonly [K in keyof R]?:
    | R[K]
    | { readonly in: readonly R[K][] }
    | { readonly before: Date }
    /** Texts that begin so: as it is written. */
    | { readonly beginning: string }
    /** Texts that have each of these somewhere, whatever the case. */
    | { readonly containing: readonly string[] }
    /** Lists that have one of these. */
    | (R[K] extends readonly (infer E)[] ? { readonly holding: readonly E[] } : never);
};

/** A message for the thread of a proposal's card, stored in the same write as the state that it tells of. `key` is unique for good. */
export type Line = { readonly key: string; readonly card: Card };

/** What a write says besides the state: audit events always, thread lines sometimes. */
export type Said = {
  readonly events: readonly AuditEvent[];
  readonly lines?: readonly Line[];
  /** Nothing that a card shows has changed, or not all of it yet: chat need not look. */
  readonly quiet?: true;
};

/** What every record has. */
export type Recorded = { readonly id: string; readonly tenant: TenantId; readonly rev: number };

/** One kind of record of one tenant. One record = one document = one compare-and-set on `rev`. */
export interface Records<R extends Recorded> {
  get(id: R['id']): Promise<R | null>;
  /** In order of id. At most `limit`, 10,000 by default. */
  find(where: Where<R>, limit?: number): Promise<readonly R[]>;
  /** The same with these fields only: for answers that name thousands of records. */
  pick<K extends keyof R>(where: Where<R>, fields: readonly K[], limit?: number): Promise<readonly Pick<R, K>[]>;
  count(where: Where<R>): Promise<number>;
  /** False when this id exists already; then nothing was written. */
  insert(record: R, said: Said): Promise<boolean>;
  /** Writes only if the stored revision is still `seenRev`; false = somebody was faster, nothing was written. */
  save(next: R, seenRev: number, said: Said): Promise<boolean>;
}

/** Devices, and what the fleet runs. */
export interface DeviceRecords extends Records<Device> {
  /** The systems of the devices that were scanned and are not retired, each once, in no order. */
  systems(): Promise<readonly DeviceFacts['os'][]>;
}

/** Proposals, and what a list says of them: a plan may name thousands of devices. */
export interface Proposals extends Records<Proposal> {
  /** In order of id. At most `limit`, 10,000 by default. */
  heads(where: Where<Proposal>, limit?: number): Promise<readonly ProposalHead[]>;
}
export type ProposalHead = Omit<Proposal, 'plan' | 'votes'> & {
  /** How many its plan has. */
  readonly devices: number;
};

/** Inventories: one document for each device, replaced by each full scan. */
export interface Inventories {
  get(device: DeviceId): Promise<Inventory | null>;
  put(inventory: Inventory): Promise<void>;
  /** Every inventory of the tenant, one after the other. */
  all(): AsyncIterable<Inventory>;
}

/** Advisories of all feeds: the vendors' facts, the same for every tenant. */
export interface Advisories {
  /** By the vendor's id; more than one when several feeds know it. */
  named(id: string): Promise<readonly Advisory[]>;
  /** By `advisoryKey`, in no order; those that do not exist are missing. */
  byKey(keys: readonly string[]): Promise<readonly Advisory[]>;
  /** Those that name this CVE, newest first. */
  naming(cve: string, limit: number): Promise<readonly Advisory[]>;
  /** Those whose id, title or package has these words (any case), newest first. */
  search(text: string, limit: number): Promise<readonly Advisory[]>;
  /** Everything for one of these releases that is not withdrawn, in order of key. */
  forReleases(releases: readonly string[]): AsyncIterable<Advisory>;
  /**
   * Takes over what one feed delivered: new and changed ones are written, equal ones are left alone; `complete` marks this feed's
   * others as withdrawn. Safe to repeat after a crash. `gone`: ids that the feed says do not exist any more; looked at when `delivered`
   * has ended.
   */
  takeOver(
    feed: string,
    delivered: AsyncIterable<Advisory>,
    complete: boolean,
    gone: readonly string[],
  ): Promise<Taken>;
  /** Every CVE that some stored advisory names. */
  cves(): Promise<ReadonlySet<string>>;
  /** Grows with every change of any advisory: whoever keeps an index asks whether it is still good. */
  revision(): Promise<number>;
}
/** What changed, by `advisoryKey`. */
export type Taken = {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly withdrawn: readonly string[];
  readonly same: number;
};

/** Facts about CVEs, the same for every tenant. */
export interface Cves {
  /** What is known of these; `unknownCve` of the others. */
  get(ids: readonly string[]): Promise<ReadonlyMap<string, CveFacts>>;
  /** The first of those that some feed has spoken of and whose ids begin so, in order of id. */
  beginning(id: string, limit: number): Promise<readonly string[]>;
  /**
   * Takes over what a feed says of one field. `complete`: CVEs that it does not name lose this field. Gives the ids for which
   * anything changed.
   */
  takeOver(field: CveField, sayings: Iterable<CveSaying>, complete: boolean): Promise<ReadonlySet<string>>;
}

/** How the feeds are doing. One document each; written by the sync that holds the claim `feed:<id>`. */
export interface FeedStates {
  get(id: string): Promise<FeedState | null>;
  all(): Promise<readonly FeedState[]>;
  put(state: FeedState): Promise<void>;
}

/** Until when products get fixes. One document for each product; the same for every tenant. */
export interface Lifecycles {
  /** Replaces the cycles of the products that are named; `complete`: other products are gone. Gives how many products changed. */
  put(all: readonly Lifecycle[], complete: boolean): Promise<number>;
  /** The cycles of one product, as the feed lists them; none when it is not known. */
  of(product: string): Promise<readonly Lifecycle[]>;
}

/** What advisories say of devices: one document for each device, replaced by each matching. */
export interface Findings {
  get(device: DeviceId): Promise<DeviceFindings | null>;
  of(devices: readonly DeviceId[]): Promise<readonly DeviceFindings[]>;
  put(findings: DeviceFindings): Promise<void>;
  /** Devices that are open to one of these advisories (by `advisoryKey`). */
  openTo(advisories: readonly string[], limit: number): Promise<readonly DeviceFindings[]>;
  /** The same, only which devices. */
  devicesOpenTo(advisories: readonly string[], limit: number): Promise<readonly DeviceId[]>;
  /** How many there are, by exposure; null = nobody has said. */
  byExposure(advisories: readonly string[]): Promise<ReadonlyMap<Exposure | null, number>>;
  /** How many devices are open to one of these advisories. */
  count(advisories: readonly string[]): Promise<number>;
}

/** Named leases with fencing tokens: liveness by time, safety by the token. */
export interface Claims {
  /** Takes a free or expired claim and gives its new token, or null while somebody else holds it. */
  take(name: string, owner: string, leaseMs: number): Promise<number | null>;
  /** False when the claim has gone to somebody else: stop at once. */
  renew(name: string, fence: number, leaseMs: number): Promise<boolean>;
  release(name: string, fence: number): Promise<void>;
}

/** What waits to be told in chat: records whose card may have changed, and their thread lines. */
export interface Outbox {
  due(limit: number): Promise<readonly Due[]>;
  /** The lines were sent; the card was drawn from this revision (a newer one stays due). */
  done(due: Due): Promise<void>;
}
export type Due = {
  readonly kind: 'proposal' | 'rollout' | 'deployment' | 'workOrder' | 'halt' | 'digest' | 'notice';
  readonly id: string;
  readonly rev: number;
  readonly lines: readonly Line[];
};

/** Sent messages, by key: which message on which platform shows what. The relay is the only writer. */
export interface Posts {
  get(key: string): Promise<Post | null>;
  put(post: Post): Promise<void>;
}
export type Post = {
  /** `<platform>|<destination>|<subject>` */
  readonly key: string;
  /** null = a send was begun and its end was not recorded: look before sending again. */
  readonly ref: MessageRef | null;
  /** sha256 of the card that the message shows now. */
  readonly shown: string;
  readonly at: Date;
};

/** The audit chain of one tenant. */
export interface Audit {
  /** Events that records hold and the chain has not taken yet, oldest first. */
  waiting(limit: number): Promise<readonly Waiting[]>;
  last(): Promise<AuditLink | null>;
  /** False when that sequence number or event is taken already. */
  append(link: AuditLink): Promise<boolean>;
  /** Lets the record forget the event if the chain has it by now. */
  taken(waiting: Waiting): Promise<void>;
  all(): AsyncIterable<AuditLink>;
}

/** Deliveries from platforms that were acted on, with the answer given: a repeat gets the same answer and has no second effect. */
export interface Inbox {
  /** True when this delivery is new and now ours to act on. */
  claim(delivery: string): Promise<boolean>;
  /** Keeps the answer for repeats. */
  answer(delivery: string, reply: unknown): Promise<void>;
  /** The kept answer; null while the first delivery is still being worked on. */
  answered(delivery: string): Promise<unknown>;
}

/** An event and the record that still holds it, in the store's own words. */
export type Waiting = { readonly event: AuditEvent; readonly from: string };

/** Wakes workers up. Losing a wake-up loses nothing: the sweep finds what is due in the records. */
export interface Queue {
  deployment(id: DeploymentId, at?: Date): Promise<void>;
  scan(device: DeviceId): Promise<void>;
  /** A scan of all devices, now. */
  fleet(): Promise<void>;
  /** A matching of all devices with all advisories, and new priorities, now. */
  intel(): Promise<void>;
}

/** Who is who, from the settings. */
export interface People {
  byId(id: string): Person | undefined;
  /** Everybody linked to this account: none or several means that nobody may act. */
  byAccount(account: Account): readonly Person[];
  all(): readonly Person[];
}

/** Everything that a flow may use, of one tenant. */
export type World = {
  readonly tenant: TenantId;
  readonly clock: Clock;
  readonly calendar: Calendar;
  readonly log: Log;
  readonly queue: Queue;
  readonly people: People;
  readonly policies: readonly Policy[];
  /** Facts that are older say nothing, in milliseconds. */
  readonly maxAgeMs: number;
  /** Due dates of the tenant's own, where they are sooner than the table's. */
  readonly tighten: Tighten;
  /** Whether a patch above low needs a verdict before anybody may approve it. */
  readonly triageRequired: boolean;
  readonly devices: DeviceRecords;
  readonly inventories: Inventories;
  readonly advisories: Advisories;
  readonly cves: Cves;
  readonly feeds: FeedStates;
  readonly lifecycles: Lifecycles;
  readonly findings: Findings;
  /** Feeds that are switched on. */
  readonly feedRules: readonly FeedRule[];
  readonly patches: Records<Patch>;
  readonly applicabilities: Records<Applicability>;
  readonly proposals: Proposals;
  readonly rollouts: Records<Rollout>;
  readonly deployments: Records<Deployment>;
  readonly workOrders: Records<WorkOrder>;
  readonly workarounds: Records<Workaround>;
  readonly halts: Records<Halt>;
  readonly digests: Records<Digest>;
  readonly notices: Records<Notice>;
};

/** What only workers have besides: hands on the devices. */
export type WorkerWorld = World & {
  readonly remote: Devices;
  readonly claims: Claims;
  readonly audit: Audit;
  /**
   * The advisories of the fleet's releases, ready for matching; made anew when they have changed. `release`: that of the one device
   * that is to be matched, so that the whole fleet need not be looked through for each; without it the fleet's releases are.
   */
  matchIndex(release?: string): Promise<MatchIndex>;
  /** `host:pid:boot`, for leases. */
  readonly owner: string;
};
