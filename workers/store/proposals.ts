/** Proposals in MongoDB, and what a list says of them without reading their plans. */
import type { Model } from 'mongoose';
import type { TenantId } from '../../domain/model/ids.ts';
import type { ProposalHead, Proposals } from '../../domain/ports.ts';
import { proposals as kind } from './kinds.ts';
import { type Doc, filterOf, recordsOf } from './record.ts';

const { plan: _plan, votes: _votes, ...fields } = kind.fields;
const shown = Object.fromEntries(['id', 'tenant', 'rev', ...Object.keys(fields)].map((field) => [field, 1]));

/** The Proposals port of domain/ports.ts. */
export const proposals = (model: Model<Doc>, tenant: TenantId): Proposals => ({
  ...recordsOf(model, kind, tenant),
  async heads(where, limit = 10_000) {
    const found = model.collection.aggregate<ProposalHead>([
      { $match: filterOf(where, tenant) },
      { $sort: { _id: 1 } },
      { $limit: limit },
      { $project: { ...shown, _id: 0, devices: { $size: '$plan.entries' } } },
    ]);
    return found.toArray();
  },
});
