/** What advisories say of the devices of a tenant, in MongoDB: one document for each device, replaced by each matching. */
import type { Connection } from 'mongoose';
import { type Exposure, exposures } from '../../domain/model/device.ts';
import type { DeviceFindings, Finding } from '../../domain/model/finding.ts';
import type { DeviceId, TenantId } from '../../domain/model/ids.ts';
import type { Findings } from '../../domain/ports.ts';
import { factsOf, inBatches, onceMore } from './facts.ts';
import { keyOf } from './record.ts';

type FindingsDoc = {
  readonly _id: string;
  readonly tenant: TenantId;
  readonly device: DeviceId;
  readonly release: string;
  readonly exposure: Exposure | null;
  readonly at: Date;
  /** The advisories of `open`, each once: what is asked for. */
  readonly advisories: readonly string[];
  /** A JSON list of rows: nothing asks the database for a single finding, and a device may have hundreds. */
  readonly open: string;
};

/** `advisory`: its place in `advisories`. */
type Row = readonly [
  advisory: number,
  name: string,
  installed: string,
  fixed: string | null,
  verdict: Finding['verdict'],
  requires: Finding['requires'],
];

function docOf({ device, release, exposure, at, open }: DeviceFindings, tenant: TenantId): FindingsDoc {
  const places = new Map<string, number>();
  const rows = open.map(({ advisory, package: name, installed, fixed, verdict, requires }): Row => {
    const place = places.get(advisory) ?? places.size;
    places.set(advisory, place);
    return [place, name, installed, fixed, verdict, requires];
  });
  const advisories = [...places.keys()];
  return { _id: keyOf(tenant, device), tenant, device, release, exposure, at, advisories, open: JSON.stringify(rows) };
}

/** The cast says that `put` is the only writer. */
function findingsOf({ tenant, device, release, exposure, at, advisories, open }: FindingsDoc): DeviceFindings {
  const rows = JSON.parse(open) as Row[];
  const findings = rows.map(([place, name, installed, fixed, verdict, requires]): Finding => {
    return { advisory: advisories[place] ?? '', package: name, installed, fixed, verdict, requires };
  });
  return { device, tenant, release, exposure: exposure ?? null, at, open: findings };
}

/** The Findings port of domain/ports.ts. Throws whatever the driver throws. */
export function findings(connection: Connection, tenant: TenantId): Findings {
  const docs = factsOf<FindingsDoc>(connection, 'findings');
  const openTo = (advisories: readonly string[]) => ({ tenant, advisories: { $in: [...advisories] } });
  return {
    async get(device) {
      const found = await docs.findOne({ _id: keyOf(tenant, device) });
      return found && findingsOf(found);
    },
    async of(devices) {
      const all: DeviceFindings[] = [];
      for await (const some of inBatches(devices)) {
        const keys = some.map((one) => keyOf(tenant, one));
        all.push(...(await docs.find({ _id: { $in: keys } }).toArray()).map(findingsOf));
      }
      return all;
    },
    async put(found) {
      const doc = docOf(found, tenant);
      await onceMore(() => docs.replaceOne({ _id: doc._id }, doc, { upsert: true }));
    },
    openTo: async (advisories, limit) => (await docs.find(openTo(advisories)).limit(limit).toArray()).map(findingsOf),
    async devicesOpenTo(advisories, limit) {
      const found = docs.find(openTo(advisories), { projection: { _id: 0, device: 1 }, batchSize: 10_000 });
      return (await found.limit(limit).toArray()).map(({ device }) => device);
    },
    async byExposure(advisories) {
      // A count by index takes a hundredth of the time that reading thousands of findings does; nothing counts null so fast.
      const [all = 0, ...said] = await Promise.all(
        [undefined, ...exposures].map((exposure) =>
          docs.countDocuments({ ...openTo(advisories), ...(exposure ? { exposure } : {}) }),
        ),
      );
      const unsaid = all - said.reduce((sum, one) => sum + one, 0);
      return new Map([...exposures.map((exposure, at) => [exposure, said[at] ?? 0] as const), [null, unsaid]]);
    },
    count: (advisories) => docs.countDocuments(openTo(advisories)),
  };
}
