/** Something that the channel should know, in a message of its own: a feed that is stale, a patch that was retracted, a workaround that ended. */
import type { Brand, TenantId } from './ids.ts';

export type NoticeId = Brand<string, 'NoticeId'>;

/** Plain text, or text with instants (milliseconds since 1970) that each platform shows in the reader's own zone. */
export type NoticeText = string | readonly (string | { readonly at: number })[];

export type Notice = {
  /** The same id is the same message: saying it again in other words edits it. */
  readonly id: NoticeId;
  readonly tenant: TenantId;
  readonly rev: number;
  /** What it is about, such as `feeds` or `patch:<id>`. */
  readonly about: string;
  readonly title: string;
  readonly tone: 'plain' | 'good' | 'warn' | 'bad';
  /** The state in words: tone is never the only sign of it. */
  readonly status: string;
  readonly text: NoticeText;
  /** One line each; `null` = there is nothing to list. */
  readonly items: { readonly title: string; readonly lines: readonly NoticeText[]; readonly more: number } | null;
  readonly at: Date;
};

/** What a notice says: everything but its revision, its tenant and its time. */
export type NoticeWords = Omit<Notice, 'rev' | 'tenant' | 'at'>;
