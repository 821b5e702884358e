/** What advisories say of the devices of a tenant, in MongoDB: one document for each device, replaced by each matching. */
import type { Connection } from 'mongoose';
import type { DeviceFindings } from '../../domain/model/finding.ts';
import type { TenantId } from '../../domain/model/ids.ts';
import type { Findings } from '../../domain/ports.ts';
import { factsOf, inBatches, onceMore } from './facts.ts';
import { keyOf } from './record.ts';

export type FindingsDoc = DeviceFindings & { readonly _id: string };

/** The Findings port of domain/ports.ts. Throws whatever the driver throws. */
export function findings(connection: Connection, tenant: TenantId): Findings {
  const docs = factsOf<FindingsDoc>(connection, 'findings');
  const fields = { projection: { _id: 0 } } as const;
  const open = (advisories: readonly string[]) => ({ tenant, 'open.advisory': { $in: [...advisories] } });
  return {
    get: (device) => docs.findOne({ _id: keyOf(tenant, device) }, fields),
    async of(devices) {
      const all: DeviceFindings[] = [];
      for await (const some of inBatches(devices)) {
        all.push(...(await docs.find({ _id: { $in: some.map((one) => keyOf(tenant, one)) } }, fields).toArray()));
      }
      return all;
    },
    async put(found) {
      const _id = keyOf(tenant, found.device);
      await onceMore(() => docs.replaceOne({ _id }, { ...found, tenant, open: [...found.open] }, { upsert: true }));
    },
    openTo: (advisories, limit) => docs.find(open(advisories), fields).limit(limit).toArray(),
    count: (advisories) => docs.countDocuments(open(advisories)),
  };
}
