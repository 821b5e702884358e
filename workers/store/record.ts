/** One kind of record in MongoDB: compare-and-set on `rev`, with events and thread lines in the same write. */
import { type Filter, MongoBulkWriteError } from 'mongodb';
import mongoose, { type Connection, type Model, type SchemaDefinition } from 'mongoose';
import type { TenantId } from '../../domain/model/ids.ts';
import type { Recorded, Records, Said, Where } from '../../domain/ports.ts';

/** A document: the record's own fields, and what the store keeps beside them. */
export type Doc = {
  _id: string;
  id: string;
  tenant: string;
  rev: number;
  /** Not yet in the audit chain; `chain` is true while there may be any, for the index. */
  events: unknown[];
  chain: boolean;
  /** Not yet in chat; `draw` is true while a card may be out of date or a line unsent. */
  lines: unknown[];
  draw: boolean;
  [field: string]: unknown;
};

/** A kind of record: its collection, its fields, the indexes that its queries need, and whether chat shows it. */
export type Kind<R extends Recorded> = {
  readonly name: string;
  readonly fields: { readonly [K in Exclude<keyof R, keyof Recorded>]-?: SchemaDefinition[string] };
  readonly indexes: readonly Readonly<Partial<Record<keyof R, 1>>>[];
  readonly inChat: boolean;
};

/** Field types of schemas. Nested values are stored as they are: their types are the domain's. */
export const anything = { type: mongoose.Schema.Types.Mixed };
export const text = { type: String };
export const number = { type: Number };
export const flag = { type: Boolean };
export const instant = { type: Date };

/** Every schema's: documents hold what they were given, a field that no schema has is refused, and only migrations make indexes. */
export const schemaOptions = {
  id: false,
  versionKey: false,
  minimize: false,
  strict: 'throw',
  autoIndex: false,
  autoCreate: false,
} as const;

/** The mongoose model of a kind on this connection; asking twice gives the same one. Indexes are made by migrations only. */
export function modelOf<R extends Recorded>(connection: Connection, kind: Kind<R>): Model<Doc> {
  const known = connection.models[kind.name];
  if (known) return known as Model<Doc>; // only this function makes models of these names
  const kept = {
    _id: text,
    id: text,
    tenant: text,
    rev: number,
    events: [anything],
    lines: [anything],
    chain: flag,
    draw: flag,
  };
  const schema = new mongoose.Schema<Doc>({ ...kept, ...kind.fields }, { ...schemaOptions, collection: kind.name });
  for (const index of kind.indexes) schema.index({ tenant: 1, ...(index as Record<string, 1>) });
  schema.index({ tenant: 1, chain: 1 }, { partialFilterExpression: { chain: true } });
  if (kind.inChat) schema.index({ tenant: 1, draw: 1 }, { partialFilterExpression: { draw: true } });
  return connection.model<Doc>(kind.name, schema);
}

/** The stored form of an id: the tenant is part of the key, so that no query can leave it out. */
export const keyOf = (tenant: TenantId, id: string): string => `${tenant}/${id}`;

/** E11000, as the driver and every compatible server report it. */
export const isDuplicate = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 11000;

const ownFields = { _id: 0, events: 0, lines: 0, chain: 0, draw: 0 } as const;

/** The Records port of one kind for one tenant. The casts say that a stored document has the record's fields: `save` wrote them. */
export function recordsOf<R extends Recorded>(model: Model<Doc>, kind: Kind<R>, tenant: TenantId): Records<R> {
  // The driver's own collection: what mongoose would cast and copy is typed already, and it was a third of a scan's own time.
  const docs = model.db.collection<Doc>(model.collection.name);
  const insert = inserter(model);
  const marks = ({ events, quiet }: Said) => ({
    ...(events.length > 0 ? { chain: true } : {}),
    ...(kind.inChat && !quiet ? { draw: true } : {}),
  });
  return {
    async get(id) {
      return (await docs.findOne({ _id: keyOf(tenant, id) }, { projection: ownFields })) as unknown as R | null;
    },
    async find(where, limit = 10_000) {
      const found = docs.find(filterOf(where, tenant), { projection: ownFields }).sort({ _id: 1 }).limit(limit);
      return (await found.toArray()) as unknown as R[];
    },
    async pick(where, fields, limit = 10_000) {
      const projection = { ...Object.fromEntries(fields.map((field) => [field, 1])), _id: 0 };
      const found = docs.find(filterOf(where, tenant), { projection, batchSize: 10_000 });
      return (await found.sort({ _id: 1 }).limit(limit).toArray()) as never; // exactly these fields, as `save` wrote them
    },
    count: (where) => docs.countDocuments(filterOf(where, tenant)),
    async insert(record, said) {
      const kept = { _id: keyOf(tenant, record.id), events: [...said.events], lines: [...(said.lines ?? [])] };
      try {
        await insert({ ...record, ...kept, chain: false, draw: false, ...marks(said) });
        return true;
      } catch (error) {
        if (isDuplicate(error)) return false;
        throw error;
      }
    },
    async save(next, seenRev, said) {
      const { events, lines = [] } = said;
      const fields = { ...next, ...marks(said) };
      demandKnown(model, fields);
      const written = await docs.updateOne(
        { _id: keyOf(tenant, next.id), rev: seenRev },
        // The driver does not know which of a record's fields are lists.
        { $set: fields, $push: { events: { $each: [...events] }, lines: { $each: [...lines] } } } as object,
        { ignoreUndefined: true },
      );
      return written.matchedCount === 1;
    },
  };
}

/** A field that its schema does not know is a bug of ours: kinds.ts has to be told. */
function demandKnown(model: Model<Doc>, fields: object): void {
  const unknown = Object.keys(fields).find((field) => !model.schema.path(field));
  if (unknown) throw new Error(`store.unknown-field: ${model.modelName} has no ${unknown}`);
}

type Waiting = { readonly doc: Doc; readonly done: () => void; readonly failed: (error: unknown) => void };

/**
 * Sends what is inserted within one turn of the event loop as one command: the scan of a device brings a record for each patch, and
 * a fleet of them was half of a scan's database time. Each insert succeeds or fails for itself. Mongoose would make a live document
 * of each, which costs more than sending it; of its checks only the one against unknown fields is needed, because the rest is typed.
 */
function inserter(model: Model<Doc>): (doc: Doc) => Promise<void> {
  let waiting: Waiting[] = [];
  async function send(): Promise<void> {
    const batch = waiting;
    waiting = [];
    const docs = batch.map(({ doc }) => doc);
    const problem = await model.collection.insertMany(docs as object[], { ordered: false, ignoreUndefined: true }).then(
      () => null,
      (error: unknown) => error,
    );
    // Without a list of what went wrong with which document, nothing is known of any of them.
    const single = problem instanceof MongoBulkWriteError ? [problem.writeErrors].flat() : null;
    for (const [at, { done, failed }] of batch.entries()) {
      const own = single ? single.find(({ index }) => index === at) : problem;
      if (own) failed(own);
      else done();
    }
  }
  return (doc) =>
    new Promise((done, failed) => {
      demandKnown(model, doc);
      if (waiting.length === 0) setImmediate(send);
      waiting.push({ doc, done, failed });
    });
}

/** The driver's filter for a Where, always within the tenant. */
export function filterOf<R extends Recorded>(where: Where<R>, tenant: TenantId): Filter<Doc> {
  const filter: Record<string, unknown> = { tenant };
  for (const [field, wanted] of Object.entries(where) as [string, unknown][]) {
    // The id is part of the key, and the key is what has an index.
    if (field === 'id' && has(wanted, 'in')) {
      filter['_id'] = { $in: (wanted.in as readonly string[]).map((id) => keyOf(tenant, id)) };
    } else if (field === 'id' && has(wanted, 'beginning')) filter['_id'] = within(keyOf(tenant, `${wanted.beginning}`));
    else filter[field] = conditionOf(wanted);
  }
  return filter;
}

function conditionOf(wanted: unknown): unknown {
  if (has(wanted, 'in')) return { $in: wanted.in };
  if (has(wanted, 'holding')) return { $in: wanted.holding };
  if (has(wanted, 'before')) return { $lt: wanted.before };
  if (has(wanted, 'beginning')) return within(`${wanted.beginning}`);
  if (has(wanted, 'containing')) return { $regex: allOf(wanted.containing as readonly string[]), $options: 'i' };
  return wanted;
}

/** Everything from a text on up to what begins with another one: an index knows where that is, of a pattern it may not. */
const within = (text: string) => ({ $gte: text, $lt: `${text}\u{10ffff}` });

/** Each of them, in any order. */
const allOf = (texts: readonly string[]): string => `^${texts.map((text) => `(?=.*${literal(text)})`).join('')}`;

/** A text as a pattern that finds only itself. */
export const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

const has = <K extends string>(value: unknown, key: K): value is Record<K, unknown> =>
  typeof value === 'object' && value !== null && key in value;
