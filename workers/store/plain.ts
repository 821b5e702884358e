/** Collections that are not records with a life of their own: inventories, claims, posts, audit chain, inbox. */
import mongoose, { type Connection, type Model } from 'mongoose';
import { anything, instant, number, schemaOptions, text } from './record.ts';

type Keyed = { _id: string };
export type InventoryDoc = Keyed & { tenant: string; device: string; scannedAt: Date; packages: string };
export type ClaimDoc = Keyed & { owner: string; fence: number; leaseUntil: Date };
export type PostDoc = Keyed & { tenant: string; ref: unknown; shown: string; at: Date };
export type AuditDoc = Keyed & {
  tenant: string;
  seq: number;
  prev: string;
  event: unknown;
  eventId: string;
  hash: string;
};
export type InboxDoc = Keyed & { reply: unknown; at: Date };

/** Answers to deliveries are kept as long as any platform repeats one (Slack: an hour; facts on chat platforms). */
const inboxSeconds = 86_400;

/** The models of a connection; asking twice gives the same ones. */
export function plainModels(connection: Connection) {
  const make = <D extends Keyed>(
    name: string,
    fields: Record<string, object>,
    index?: (schema: mongoose.Schema<D>) => void,
  ) => {
    const known = connection.models[name];
    if (known) return known as Model<D>; // only this function makes models of these names
    const schema = new mongoose.Schema<D>(
      { _id: text, ...fields } as never,
      { ...schemaOptions, collection: name } as never,
    );
    index?.(schema);
    return connection.model<D>(name, schema);
  };
  return {
    inventories: make<InventoryDoc>('inventories', {
      tenant: text,
      device: text,
      scannedAt: instant,
      packages: text,
    }),
    claims: make<ClaimDoc>('claims', { owner: text, fence: number, leaseUntil: instant }),
    posts: make<PostDoc>('posts', { tenant: text, ref: anything, shown: text, at: instant }),
    audit: make<AuditDoc>(
      'audit',
      { tenant: text, seq: number, prev: text, event: anything, eventId: text, hash: text },
      (schema) => {
        schema.index({ tenant: 1, seq: 1 }, { unique: true });
        schema.index({ tenant: 1, eventId: 1 }, { unique: true });
      },
    ),
    inbox: make<InboxDoc>('inbox', { reply: anything, at: instant }, (schema) =>
      schema.index({ at: 1 }, { expireAfterSeconds: inboxSeconds }),
    ),
  };
}
export type PlainModels = ReturnType<typeof plainModels>;
