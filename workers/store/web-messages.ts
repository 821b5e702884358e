/**
 * The web chat's messages in MongoDB. One counter per tenant gives both the order of posting and the order of change.
 */
import mongoose, { type Connection, type IndexDefinition, type IndexOptions, type Model } from 'mongoose';
import type { Card } from '../../domain/cards/card.ts';
import type { TenantId } from '../../domain/model/ids.ts';
import { isDuplicate, keyOf, schemaOptions } from './record.ts';

type Doc = {
  _id: string;
  id: string;
  tenant: string;
  key: string;
  room: string;
  thread: string | null;
  card: Card;
  waits: boolean;
  at: Date;
  editedAt: Date | null;
  order: number;
  seq: number;
};
type Message = Readonly<Omit<Doc, '_id' | 'tenant'>>;
type Draft = Pick<Message, 'key' | 'room' | 'thread' | 'card' | 'waits'>;

/** One per query below. The first also makes posting twice with one key impossible. */
export const webMessageIndexes: readonly [IndexDefinition, IndexOptions][] = [
  [{ tenant: 1, room: 1, thread: 1, key: 1 }, { unique: true }],
  [{ tenant: 1, room: 1, thread: 1, order: -1 }, {}],
  [{ tenant: 1, thread: 1, order: -1 }, {}],
  [{ tenant: 1, waits: 1, room: 1 }, { partialFilterExpression: { waits: true } }],
  [{ tenant: 1, seq: 1 }, {}],
];

/** The mongoose model on this connection; asking twice gives the same one. */
export function webMessageModel(connection: Connection): Model<Doc> {
  const known = connection.models['webMessages'];
  if (known) return known as unknown as Model<Doc>; // only this function makes a model of this name
  const schema = new mongoose.Schema<Doc>(
    {
      _id: String,
      id: String,
      tenant: String,
      key: String,
      room: String,
      thread: String,
      card: mongoose.Schema.Types.Mixed,
      waits: Boolean,
      at: Date,
      editedAt: Date,
      order: Number,
      seq: Number,
    },
    { ...schemaOptions, collection: 'webMessages' },
  );
  for (const [fields, how] of webMessageIndexes) schema.index(fields, how);
  return connection.model<Doc>('webMessages', schema);
}

/**
 * A tenant's messages: the WebMessages port of bot/web/ports.ts. Throws whatever the driver throws when the database
 * cannot be reached.
 */
export function webMessages(connection: Connection, tenant: TenantId) {
  const model = webMessageModel(connection);
  const next = counter(connection, tenant);
  const found = (filter: Record<string, unknown>) => model.find({ tenant, ...filter }, { _id: 0, tenant: 0 });
  const one = (filter: Record<string, unknown>): Promise<Message | null> =>
    model
      .findOne({ tenant, ...filter }, { _id: 0, tenant: 0 })
      .lean<Message>()
      .exec();
  return {
    async add(draft: Draft): Promise<Message> {
      const { key, room, thread } = draft;
      const posted = await one({ room, thread, key });
      if (posted) return posted;
      const seq = await next.take();
      const id = new mongoose.Types.ObjectId().toString();
      const message = { ...draft, id, at: new Date(), editedAt: null, order: seq, seq };
      try {
        await model.create({ ...message, _id: keyOf(tenant, id), tenant });
        return message;
      } catch (error) {
        const first = isDuplicate(error) ? await one({ room, thread, key }) : null;
        if (first) return first;
        throw error;
      }
    },
    async redraw(id: string, card: Card, waits: boolean): Promise<boolean> {
      const changed = { card, waits, editedAt: new Date(), seq: await next.take() };
      const written = await model.updateOne({ _id: keyOf(tenant, id) }, { $set: changed });
      return written.matchedCount === 1;
    },
    get: (id: string) => one({ _id: keyOf(tenant, id) }),
    byKey: (room: string, thread: string | null, key: string) => one({ room, thread, key }),
    async list(
      where: { readonly rooms: readonly string[]; readonly before?: number; readonly onlyWaiting?: boolean },
      limit: number,
    ): Promise<readonly Message[]> {
      const filter = {
        room: { $in: [...where.rooms] },
        ...(where.onlyWaiting ? { waits: true } : { thread: null }),
        ...(where.before === undefined ? {} : { order: { $lt: where.before } }),
      };
      return (await found(filter).sort({ order: -1 }).limit(limit).lean<Message[]>()).reverse();
    },
    async replies(to: readonly string[], limit: number): Promise<readonly Message[]> {
      const newest = found({ thread: { $in: [...to] } }).sort({ order: -1 });
      return (await newest.limit(limit).lean<Message[]>()).reverse();
    },
    waiting: (rooms: readonly string[]): Promise<number> =>
      model.countDocuments({ tenant, waits: true, room: { $in: [...rooms] } }).exec(),
    async changedSince(seq: number, rooms: readonly string[], limit: number): Promise<readonly Message[]> {
      const newer = found({ seq: { $gt: seq }, room: { $in: [...rooms] } });
      return newer.sort({ seq: 1 }).limit(limit).lean<Message[]>();
    },
    lastChange: next.last,
  };
}

/** Numbers that only grow, one after the other, for one tenant. */
function counter(connection: Connection, tenant: TenantId) {
  const counters = connection.collection<{ _id: string; seq: number }>('webCounters');
  const increase = () => counters.findOneAndUpdate({ _id: tenant }, { $inc: { seq: 1 } }, { returnDocument: 'after' });
  /** Apart from counting: of two upserts at once, DocumentDB 1.0 may tell both that they were the first. */
  async function begin(): Promise<void> {
    try {
      await counters.updateOne({ _id: tenant }, { $setOnInsert: { seq: 0 } }, { upsert: true });
    } catch (error) {
      if (!isDuplicate(error)) throw error; // somebody else began it
    }
  }
  return {
    async take(): Promise<number> {
      const counted = await increase();
      if (counted) return counted.seq;
      await begin();
      return this.take();
    },
    last: async (): Promise<number> => (await counters.findOne({ _id: tenant }))?.seq ?? 0,
  };
}
