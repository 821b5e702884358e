/** How an advisory is stored: its own fields, what queries need beside them, and a mark by which equal ones are left alone. */
import { createHash } from 'node:crypto';
import type { Connection } from 'mongoose';
import { type Advisory, type Affected, advisoryKey } from '../../domain/model/advisory.ts';
import { type Facts, factsOf } from './facts.ts';
import { wordsOf } from './words.ts';

export type AdvisoryDoc = Omit<Advisory, 'affected'> & {
  readonly _id: string;
  /** State and content in short: `live:` or `withdrawn:` and a digest, or `goneMark`. */
  readonly mark: string;
  /**
   * A JSON list of rows: nothing asks the database for a single entry, and an advisory has hundreds. As documents of their own they
   * were most of its size and of the time to read it.
   */
  readonly affected: string;
  /** Of `affected`, each once: what is asked for. */
  readonly releases: readonly string[];
  /** Words of id, title and packages, for searches. */
  readonly words: readonly string[];
};

/** Where they are. */
export const advisoryCollection = (connection: Connection): Facts<AdvisoryDoc> => factsOf(connection, 'advisories');

/** Grows when documents are to be stored in another way: the next delivery then writes all of them anew. */
const form = 1;
/** The mark of one that its feed no longer names: no content has it, so that it is written when it comes back. */
export const goneMark = 'gone';
/** Neither withdrawn by its vendor nor gone from its feed. */
export const isLive = (mark: string): boolean => mark.startsWith('live:');

type Row = readonly [
  release: string,
  names: Affected['names'],
  name: string,
  introduced: string | null,
  fixed: string | null,
  status: Affected['status'],
  requires: Affected['requires'],
  module: string | null,
  repositories?: Affected['repositories'],
];
const rowOf = (one: Affected): Row => {
  const { release, names, package: name, introduced, fixed, status, requires, module, repositories } = one;
  const row = [release, names, name, introduced, fixed, status, requires, module] as const;
  return repositories ? [...row, repositories] : row;
};
const affectedOf = ([
  release,
  names,
  name,
  introduced,
  fixed,
  status,
  requires,
  module,
  repositories,
]: Row): Affected => {
  const one = { release, names, package: name, introduced, fixed, status, requires, module };
  return repositories ? { ...one, repositories } : one;
};

/** An advisory that was delivered, as far as is needed to see whether it is stored already; the rest of its document on demand. */
export type Delivered = { readonly key: string; readonly mark: string; document(): AdvisoryDoc };

/** Field by field: an object that a feed made may have more fields, in any order, and must not be another content for that. */
export function delivered(advisory: Advisory): Delivered {
  const { id, feed, title, text, kind, cves, severity, vendorSeverity, published, modified, withdrawn } = advisory;
  const { reboot, livepatch, references } = advisory;
  const affected = JSON.stringify(advisory.affected.map(rowOf));
  const content = {
    ...{ id, feed, title, text, kind, cves, severity, vendorSeverity, affected, published, modified, withdrawn },
    ...{ reboot, livepatch, references },
  };
  const digest = createHash('sha256')
    .update(`${form}${JSON.stringify(content)}`)
    .digest('base64url')
    .slice(0, 22);
  const key = advisoryKey(advisory);
  const mark = `${withdrawn ? 'withdrawn' : 'live'}:${digest}`;
  return {
    key,
    mark,
    document: () => ({
      _id: key,
      mark,
      ...content,
      releases: [...new Set(advisory.affected.map(({ release }) => release))],
      words: wordsOf([id, title, ...advisory.affected.map((one) => one.package)]),
    }),
  };
}

/** What a query that gives advisories reads. */
export const advisoryFields = { _id: 0, mark: 0, words: 0, releases: 0 } as const;

/** The advisory of a document that was read so. The cast says that `delivered` is the only writer. */
export const advisoryOf = ({
  affected,
  ...rest
}: Omit<AdvisoryDoc, '_id' | 'mark' | 'words' | 'releases'>): Advisory => ({
  ...rest,
  affected: (JSON.parse(affected) as Row[]).map(affectedOf),
});
