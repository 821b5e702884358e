/** Facts about CVEs in MongoDB: one document for each CVE that a feed has spoken of, one field for each that may be said. */
import type { Connection } from 'mongoose';
import { type CveFacts, type CveField, type CveSaying, type Cvss, unknownCve } from '../../domain/model/cve.ts';
import type { Cves } from '../../domain/ports.ts';
import { type Facts, factsOf, inBatches, type Writes, writeAll } from './facts.ts';

/** A field that nobody has spoken of is missing. */
export type CveDoc = { _id: string; nvd?: Cvss } & { -readonly [K in Exclude<keyof CveFacts, 'id'>]?: CveFacts[K] };

/** The Cves port of domain/ports.ts. Throws whatever the driver throws. */
export function cves(connection: Connection): Cves {
  const docs = factsOf<CveDoc>(connection, 'cves');
  return {
    async get(ids) {
      const facts = new Map(ids.map((id) => [id, unknownCve(id)]));
      for await (const some of inBatches(facts.keys())) {
        for (const { _id: id, kev, epss, ssvc, cvss, nvd } of await docs.find({ _id: { $in: some } }).toArray()) {
          facts.set(id, { id, kev: kev ?? null, epss: epss ?? null, ssvc: ssvc ?? null, cvss: cvss ?? nvd ?? null });
        }
      }
      return facts;
    },
    async beginning(id, limit) {
      const begins = { _id: { $gte: id, $lt: `${id}\u{10ffff}` } };
      return (
        await docs
          .find(begins, { projection: { _id: 1 } })
          .sort({ _id: 1 })
          .limit(limit)
          .toArray()
      ).map(({ _id }) => _id);
    },
    async takeOver(field, sayings, complete) {
      const [seen, changed] = [new Set<string>(), new Set<string>()];
      for await (const batch of inBatches(sayings)) {
        const said = new Map<string, CveSaying>();
        for (const saying of batch) {
          if (saying.field !== field) throw new Error(`store.wrong-field: ${saying.field} among ${field}`);
          said.set(saying.id, saying);
        }
        for (const id of await writeChanged(docs, field, said)) changed.add(id);
        if (complete) for (const id of said.keys()) seen.add(id);
      }
      if (complete) for (const id of await clearOthers(docs, field, seen)) changed.add(id);
      return changed;
    },
  };
}

/** Writes what differs from what is stored; gives the ids. */
async function writeChanged(
  docs: Facts<CveDoc>,
  field: CveField,
  said: ReadonlyMap<string, CveSaying>,
): Promise<readonly string[]> {
  const known = new Map<string, string>();
  const stored = docs.find({ _id: { $in: [...said.keys()] } }, { projection: { [field]: 1 } });
  for await (const doc of stored) known.set(doc._id, inShort(doc[field]));
  const changed = [...said.values()].filter(({ id, value }) => known.get(id) !== inShort(value));
  const writes: Writes<CveDoc> = changed.map(({ id, value }) => ({
    updateOne: { filter: { _id: id }, update: { $set: { [field]: value } as Partial<CveDoc> }, upsert: true },
  }));
  await writeAll(docs, writes);
  return changed.map(({ id }) => id);
}

/** Equal values are equal texts, whatever the order of their fields. */
const inShort = (value: object | null | undefined): string =>
  value ? JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : '';

/** Takes this field from all CVEs but these; gives the ids. */
async function clearOthers(
  docs: Facts<CveDoc>,
  field: CveField,
  seen: ReadonlySet<string>,
): Promise<readonly string[]> {
  const cleared: string[] = [];
  for await (const { _id } of docs.find({ [field]: { $exists: true } }, { projection: { _id: 1 } })) {
    if (!seen.has(_id)) cleared.push(_id);
  }
  for await (const some of inBatches(cleared)) {
    await docs.updateMany({ _id: { $in: some } }, { $unset: { [field]: '' } });
  }
  return cleared;
}
