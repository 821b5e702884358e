/** How an advisory is stored: its own fields, what queries need beside them, and a mark by which equal ones are left alone. */
import { createHash } from 'node:crypto';
import type { Connection } from 'mongoose';
import { type Advisory, type Affected, advisoryKey } from '../../domain/model/advisory.ts';
import { type Facts, factsOf } from './facts.ts';

export type AdvisoryDoc = Advisory & {
  readonly _id: string;
  /** State and content in short: see `markOf`. */
  readonly mark: string;
  /** Lower-case words of id, title and packages. */
  readonly words: readonly string[];
  /** Releases of `affected`, each once: much less to index than `affected` itself. */
  readonly releases: readonly string[];
};

/** Grows when documents are to be stored in another way: the next delivery then writes all of them anew. */
const form = 1;
/** The mark of one that its feed no longer delivers: equal to no content, so that it is written when it comes back. */
export const goneMark = 'gone';
/** True when people were told that it counts: neither withdrawn by its vendor nor gone from its feed. */
export const isLive = (mark: string): boolean => mark.startsWith('live:');

/** Field by field: an object that a feed made may have more, and in any order, which must not make it another content. */
const affectedOf = (one: Affected): Affected => ({
  release: one.release,
  names: one.names,
  package: one.package,
  introduced: one.introduced,
  fixed: one.fixed,
  status: one.status,
  requires: one.requires,
  module: one.module,
});
const contentOf = (one: Advisory): Advisory => ({
  id: one.id,
  feed: one.feed,
  title: one.title,
  text: one.text,
  kind: one.kind,
  cves: [...one.cves],
  severity: one.severity,
  vendorSeverity: one.vendorSeverity,
  affected: one.affected.map(affectedOf),
  published: one.published,
  modified: one.modified,
  withdrawn: one.withdrawn,
  reboot: one.reboot,
  livepatch: one.livepatch,
  references: [...one.references],
});

/** The document of an advisory. */
export function docOf(advisory: Advisory): AdvisoryDoc {
  const content = contentOf(advisory);
  const digest = createHash('sha256')
    .update(`${form}${JSON.stringify(content)}`)
    .digest('base64url')
    .slice(0, 22);
  return {
    _id: advisoryKey(content),
    mark: `${content.withdrawn ? 'withdrawn' : 'live'}:${digest}`,
    ...content,
    words: wordsOf([content.id, content.title, ...content.affected.map((one) => one.package)]),
    releases: [...new Set(content.affected.map(({ release }) => release))],
  };
}

/** Everything but what only the store needs: what queries read. */
export const advisoryFields = { _id: 0, mark: 0, words: 0, releases: 0 } as const;

/**
 * Words to find texts by, lower-case, each once: every run without spaces as it is (`usn-7270-1`, `libssl3t64`, `c++`), and its
 * parts between other signs (`7270`), so that one who writes either finds it.
 */
export function wordsOf(texts: Iterable<string>): string[] {
  const words = new Set<string>();
  for (const text of new Set(texts)) {
    for (const run of text.toLowerCase().split(/[\s,;()[\]{}"'`<>]+/)) {
      words.add(run.replace(/[.:!?]+$/, ''));
      for (const part of run.split(/[^\p{L}\p{N}]+/u)) words.add(part);
    }
  }
  words.delete('');
  return [...words];
}

/** Where they are. */
export const advisoryCollection = (connection: Connection): Facts<AdvisoryDoc> => factsOf(connection, 'advisories');
