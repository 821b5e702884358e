/** The ports that are not Records, over their collections. */
import type { Model } from 'mongoose';
import type { AuditEvent, AuditLink } from '../../domain/model/audit.ts';
import type { TenantId } from '../../domain/model/ids.ts';
import type { Audit, Claims, Due, Line, Outbox, Posts } from '../../domain/ports.ts';
import type { PlainModels } from './plain.ts';
import { type Doc, isDuplicate, keyOf } from './record.ts';

/** Leases with fencing tokens. Time only gives liveness: a stolen claim has a higher token, and old tokens are refused. */
export function claims({ claims: model }: PlainModels, tenant: TenantId): Claims {
  async function first(_id: string, owner: string, leaseUntil: Date): Promise<number | null> {
    try {
      await model.create({ _id, owner, leaseUntil, fence: 1 });
      return 1;
    } catch (error) {
      if (isDuplicate(error)) return null;
      throw error;
    }
  }
  return {
    async take(name, owner, leaseMs) {
      const _id = keyOf(tenant, name);
      const now = Date.now();
      const leaseUntil = new Date(now + leaseMs);
      const held = await model.findById(_id).lean();
      if (!held) return first(_id, owner, leaseUntil);
      if (held.leaseUntil.getTime() >= now) return null;
      // By compare-and-set on the token: an upsert that counts is not told the right number by every compatible server.
      const taken = await model.updateOne(
        { _id, fence: held.fence },
        { $set: { owner, leaseUntil }, $inc: { fence: 1 } },
      );
      return taken.modifiedCount === 1 ? held.fence + 1 : null;
    },
    async renew(name, fence, leaseMs) {
      const leaseUntil = new Date(Date.now() + leaseMs);
      const renewed = await model.updateOne({ _id: keyOf(tenant, name), fence }, { $set: { leaseUntil } });
      return renewed.matchedCount === 1;
    },
    async release(name, fence) {
      await model.updateOne({ _id: keyOf(tenant, name), fence }, { $set: { leaseUntil: new Date(0) } });
    },
  };
}

/** Which message shows what. */
export const posts = ({ posts: model }: PlainModels, tenant: TenantId): Posts => ({
  async get(key) {
    const found = await model.findById(keyOf(tenant, key), { _id: 0, tenant: 0 }).lean();
    return found ? ({ ...found, key } as never) : null; // written by `put` only
  },
  async put({ key, ref, shown, at }) {
    await model.updateOne({ _id: keyOf(tenant, key) }, { $set: { tenant, ref, shown, at } }, { upsert: true });
  },
});

/**
 * What follows from something else is read before it and told after it: a thread never says that a rollout is completed before it
 * says so of the last device.
 */
const byConsequence: readonly Due['kind'][] = [
  'halt',
  'notice',
  'workOrder',
  'rollout',
  'proposal',
  'deployment',
  'digest',
];

/** Records that chat has not caught up with. `models` are those whose kind is in chat, by the name that Due uses. */
export const outbox = (models: Readonly<Record<Due['kind'], Model<Doc>>>, tenant: TenantId): Outbox => ({
  async due(limit) {
    const found: Due[] = [];
    for (const kind of byConsequence) {
      const model = models[kind];
      const docs = await model.find({ tenant, draw: true }, { _id: 0, id: 1, rev: 1, lines: 1 }).limit(limit).lean();
      found.push(...docs.map(({ id, rev, lines }) => ({ kind, id, rev, lines: lines as Line[] })));
    }
    return found.reverse();
  },
  async done({ kind, id, rev, lines }) {
    const _id = keyOf(tenant, id);
    const keys = lines.map(({ key }) => key);
    if (keys.length > 0) await models[kind].updateOne({ _id }, { $pull: { lines: { key: { $in: keys } } } });
    await models[kind].updateOne({ _id, rev }, { $set: { draw: false } });
  },
});

/** The chain, fed from the events that records hold. */
export function audit(models: readonly Model<Doc>[], { audit: chain }: PlainModels, tenant: TenantId): Audit {
  const asLink = (doc: unknown): AuditLink => {
    const { seq, prev, event, hash } = doc as AuditLink; // written by `append` only
    return { seq, tenant, prev, event, hash };
  };
  return {
    async waiting(limit) {
      const all = models.map(async (model) => {
        const docs = await model.find({ tenant, chain: true }, { events: 1 }).limit(limit).lean();
        return docs.flatMap(({ _id, events }) =>
          (events as AuditEvent[]).map((event) => ({ event, from: `${model.modelName}:${_id}` })),
        );
      });
      return (await Promise.all(all)).flat().sort((a, b) => a.event.at.getTime() - b.event.at.getTime());
    },
    async last() {
      const doc = await chain.findOne({ tenant }).sort({ seq: -1 }).lean();
      return doc ? asLink(doc) : null;
    },
    async append({ seq, prev, event, hash }) {
      try {
        await chain.create({ _id: keyOf(tenant, String(seq)), tenant, seq, prev, event, eventId: event.id, hash });
        return true;
      } catch (error) {
        if (isDuplicate(error)) return false;
        throw error;
      }
    },
    async taken({ event, from }) {
      if ((await chain.countDocuments({ tenant, eventId: event.id })) === 0) return;
      const [name, _id] = [from.slice(0, from.indexOf(':')), from.slice(from.indexOf(':') + 1)];
      const model = models.find(({ modelName }) => modelName === name);
      await model?.updateOne({ _id }, { $pull: { events: { id: event.id } } });
      await model?.updateOne({ _id, events: { $size: 0 } }, { $set: { chain: false } });
    },
    async *all() {
      for await (const doc of chain.find({ tenant }).sort({ seq: 1 }).lean().cursor()) yield asLink(doc);
    },
  };
}
