import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Digest } from '../../../domain/model/digest.ts';
import type { DeviceId, DigestId, PatchId, PolicyId, TenantId } from '../../../domain/model/ids.ts';
import { noThreat, type Proposal } from '../../../domain/model/proposal.ts';
import { connect, type Database } from '../../../workers/store/connect.ts';
import { type FreshDatabase, freshDatabase } from '../../database.ts';
import { device, facts, noon, patch, proposal } from '../../domain/make.ts';

let fresh: FreshDatabase;
let client: MongoClient;
let database: Database;
const tenant = 'acme' as TenantId;

/** A record as version 1 stored it: without the fields that came later. */
function without(record: object, ...fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !fields.includes(name)));
}
const stored = (record: { readonly id: string }) => {
  return { ...record, _id: `acme/${record.id}`, events: [], lines: [], chain: false, draw: false };
};
const oldPriority = { band: 'low', score: 5, why: ['not from a security archive: 5'] };
const oldProposal = (id: string, change: Partial<Proposal>): { readonly id: string } => ({
  ...without(proposal({ id, ...change } as never), 'threat', 'inDigest', 'formerDigest', 'announcedAt'),
  ...{ id, priority: oldPriority },
});
/** Version 3 kept a copy of what its message said. */
const digest: Digest = {
  ...{ id: 'd-standard-2026-11-23' as DigestId, tenant, rev: 1, policy: 'standard' as PolicyId, at: noon },
  ...{ day: '2026-11-23', proposals: [proposal().id], complete: false },
};
const oldDigest = { ...digest, top: [{ patch: 'acme-agent 1.1' }], counts: { low: 1 } };
const vim = {
  name: 'vim',
  arch: 'amd64',
  version: '2:9',
  source: 'vim',
  sourceVersion: '2:9',
  held: true,
  whole: false,
};

/** A database that a patchherd of version 1 left behind. */
async function makeVersion1(): Promise<void> {
  const db = client.db();
  const put = (name: string, docs: readonly object[]) => db.collection(name).insertMany(docs as never);
  await put('version', [{ _id: 'schema', version: 1 }]);
  const later = [
    'archive',
    'releasedAt',
    'thirdParty',
    'advisories',
    'supersededBy',
    'retracted',
    'verdict',
    'sideEffects',
  ];
  await put('patches', [stored({ ...without(patch({ classification: 'security' }), ...later), id: patch().id })]);
  await db.collection('patches').createIndex({ tenant: 1, chain: 1 }, { partialFilterExpression: { chain: true } });
  const oldFacts = without(facts(), 'modules', 'livepatched');
  const [scanned, unseen] = [
    { ...device('web-1'), facts: oldFacts },
    { ...device('new'), facts: null },
  ];
  await put('devices', [stored(scanned), stored(unseen)]);
  await put('proposals', [
    stored(oldProposal('p-announced', { state: 'announced' })),
    stored(oldProposal('p-open', { state: 'open' })),
  ]);
  await put('digests', [stored(oldDigest)]);
  await put('inventories', [{ _id: 'acme/d-web-1', tenant, device: 'd-web-1', scannedAt: noon, packages: [vim] }]);
}

beforeAll(async () => {
  fresh = await freshDatabase();
  client = await MongoClient.connect(fresh.uri);
  await makeVersion1();
  // Two processes of the new version start at the same time.
  const both = await Promise.all([connect(fresh.uri), connect(fresh.uri)]);
  database = both[0];
  await both[1].close();
});
afterAll(async () => {
  await database.close();
  await client.close();
  await fresh.drop();
});

const versionIn = async ({ connection }: Database): Promise<unknown> =>
  (await connection.collection('version').findOne({}))?.['version'];
const indexes = async (name: string) => {
  return (await client.db().collection(name).indexes()).map(({ key }) => Object.keys(key).join(' '));
};

describe('a database of version 1', () => {
  it('is brought to version 4', async () => {
    expect(await client.db().collection('version').findOne({})).toMatchObject({ version: 4 });
  });

  it('gets the indexes of patches that came later', async () => {
    expect(await indexes('patches')).toEqual(
      expect.arrayContaining(['tenant chain', 'tenant advisories', 'tenant platform source', 'tenant source']),
    );
  });

  it('gets the indexes of advisories and findings', async () => {
    const wanted = ['id', 'feed', 'cves', 'releases', 'words', 'published'];
    expect(await indexes('advisories')).toEqual(expect.arrayContaining(wanted));
    expect(await indexes('findings')).toContain('tenant advisories exposure');
    expect(await indexes('findings')).not.toContain('tenant advisories');
  });

  it('keeps its patches, of which no advisory is known', async () => {
    const kept = await database.tenant(tenant).patches.get(patch().id);
    expect(kept).toEqual(patch({ classification: 'security', archive: 'security' }));
  });

  it('keeps its devices, those without facts as they are', async () => {
    const { devices } = database.tenant(tenant);
    expect((await devices.get('d-web-1' as DeviceId))?.facts).toEqual(facts());
    expect((await devices.get('d-new' as DeviceId))?.facts).toBeNull();
  });

  it('keeps its proposals: announced when they were made, if they were announced at all', async () => {
    const { proposals } = database.tenant(tenant);
    const announced = await proposals.get(proposal({ id: 'p-announced' }).id);
    expect(announced).toMatchObject({ threat: noThreat, inDigest: null, formerDigest: null });
    expect(announced?.announcedAt).toEqual(announced?.createdAt);
    const priority = { ...oldPriority, due: 'next-window', dueAt: null, assumed: [], deciding: null };
    expect(announced?.priority).toEqual(priority);
    expect((await proposals.get(proposal({ id: 'p-open' }).id))?.announcedAt).toBeNull();
  });

  it('keeps its digests, which can be finished', async () => {
    const { digests } = database.tenant(tenant);
    expect(await digests.get(digest.id)).toEqual(digest);
    expect(await digests.save({ ...digest, complete: true, rev: 2 }, 1, { events: [] })).toBe(true);
  });

  it('keeps its inventories', async () => {
    const kept = await database.tenant(tenant).inventories.get('d-web-1' as DeviceId);
    expect(kept).toEqual({ device: 'd-web-1', tenant, scannedAt: noon, packages: [vim] });
  });

  it('does not touch what was written since', async () => {
    const { patches } = database.tenant(tenant);
    const id = 'debian:12/vim=2' as PatchId;
    await patches.insert(patch({ id, advisories: ['debian/DSA-1'] }), { events: [] });
    await client
      .db()
      .collection<{ _id: string }>('version')
      .updateOne({ _id: 'schema' }, { $set: { version: 1 } });
    await (await connect(fresh.uri)).close();
    expect((await patches.get(id))?.advisories).toEqual(['debian/DSA-1']);
  });
});

describe('an empty database', () => {
  // Servers may call it a deadlock when several make the same indexes at the same moment.
  it.each([1, 2, 3, 4, 5])('is made ready by four processes that start at once (round %i)', async () => {
    const empty = await freshDatabase();
    const all = await Promise.all(Array.from({ length: 4 }, () => connect(empty.uri)));
    const versions = await Promise.all(all.map(versionIn));
    expect(new Set(versions)).toEqual(new Set([await versionIn(database)]));
    for (const one of all) await one.close();
    await empty.drop();
  });
});
