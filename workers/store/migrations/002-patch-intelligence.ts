/** Version 2: advisories, findings and what belongs to them; older records get the fields that came with them. */
import type { IndexSpecification } from 'mongodb';
import type { Connection } from 'mongoose';
import { createIndexes } from './001-indexes.ts';

/** One for each query of the stores. */
const indexes: Readonly<Record<string, readonly IndexSpecification[]>> = {
  advisories: [{ id: 1 }, { feed: 1 }, { cves: 1 }, { releases: 1 }, { words: 1 }, { published: -1 }],
  findings: [{ tenant: 1, advisories: 1 }],
};

/** Collection, what tells a record of version 1, and what it lacks: nothing was known of advisories. */
const additions: readonly (readonly [string, object, Readonly<Record<string, unknown>>])[] = [
  [
    'patches',
    { advisories: { $exists: false } },
    {
      archive: '$classification',
      ...{ releasedAt: null, thirdParty: null, advisories: [], supersededBy: null },
      ...{ retracted: null, verdict: null, sideEffects: [] },
    },
  ],
  [
    'devices',
    { 'facts.stamp': { $exists: true }, 'facts.modules': { $exists: false } },
    { 'facts.modules': [], 'facts.livepatched': [] },
  ],
  [
    'proposals',
    { threat: { $exists: false } },
    {
      threat: {
        ...{ severity: 'unrated', vendorSeverity: null, advisories: [], advisoryCount: 0 },
        ...{ cves: [], cveCount: 0, exposed: 0 },
      },
      ...{ inDigest: null, formerDigest: null },
      announcedAt: { $cond: [{ $eq: ['$state', 'open'] }, null, '$createdAt'] },
      ...{ 'priority.due': 'next-window', 'priority.dueAt': null, 'priority.assumed': [], 'priority.deciding': null },
    },
  ],
];

/** Safe to repeat, and to run twice at once. */
export async function patchIntelligence(connection: Connection): Promise<void> {
  await createIndexes(connection); // kinds and fields that have come since version 1
  for (const [name, keys] of Object.entries(indexes)) {
    for (const key of keys) await connection.collection(name).createIndex(key);
  }
  for (const [name, old, lacks] of additions) await connection.collection(name).updateMany(old, [{ $set: lacks }]);
  await packInventories(connection);
}

type OldPackage = Readonly<Record<string, unknown>>;

/** Version 1 kept the packages of a device as documents; now they are rows of one text. */
async function packInventories(connection: Connection): Promise<void> {
  const inventories = connection.collection<{ _id: string; packages: string | OldPackage[] }>('inventories');
  for await (const { _id } of inventories.find({}, { projection: { _id: 1 } })) {
    const packages = (await inventories.findOne({ _id }))?.packages;
    if (!Array.isArray(packages)) continue;
    const rows = packages.map(({ name, arch, version, source, sourceVersion, held, whole }) => {
      return [name, arch, version, source, sourceVersion, held ? 1 : 0, whole ? 1 : 0];
    });
    await inventories.updateOne({ _id }, { $set: { packages: JSON.stringify(rows) } });
  }
}
