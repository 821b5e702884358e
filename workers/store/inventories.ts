/** Inventories: one document for each device, replaced whole by each full scan. */
import type { InstalledPackage, Inventory } from '../../domain/model/device.ts';
import type { TenantId } from '../../domain/model/ids.ts';
import type { Inventories } from '../../domain/ports.ts';
import type { InventoryDoc, PlainModels } from './plain.ts';
import { keyOf } from './record.ts';

/** A page of inventories: about a megabyte. */
const atOnce = 20;

/**
 * Packages are kept as one text, a JSON list of rows: nothing asks the database for a single package, and as documents of their own
 * they were half of what a scan cost us and the database.
 */
type Row = readonly [
  name: string,
  arch: string,
  version: string,
  source: string,
  sourceVersion: string,
  held: 0 | 1,
  whole: 0 | 1,
];

const packed = (packages: readonly InstalledPackage[]): string =>
  JSON.stringify(
    packages.map(({ name, arch, version, source, sourceVersion, held, whole }): Row => {
      return [name, arch, version, source, sourceVersion, held ? 1 : 0, whole ? 1 : 0];
    }),
  );

/** The casts say that `put` is the only writer. */
const unpacked = ({ tenant, device, scannedAt, packages }: InventoryDoc): Inventory => ({
  device: device as Inventory['device'],
  tenant: tenant as TenantId,
  scannedAt,
  packages: (JSON.parse(packages) as Row[]).map(([name, arch, version, source, sourceVersion, held, whole]) => {
    return { name, arch, version, source, sourceVersion, held: held === 1, whole: whole === 1 };
  }),
});

/** The port, for one tenant. */
export function inventories({ inventories: model }: PlainModels, tenant: TenantId): Inventories {
  // The driver's own collection: mongoose would copy and check what was made a line above.
  const docs = model.db.collection<InventoryDoc>(model.collection.name);
  return {
    async get(device) {
      const found = await docs.findOne({ _id: keyOf(tenant, device) });
      return found && unpacked(found);
    },
    async put({ device, scannedAt, packages }) {
      const fields = { tenant, device, scannedAt, packages: packed(packages) };
      await docs.updateOne({ _id: keyOf(tenant, device) }, { $set: fields }, { upsert: true });
    },
    async *all() {
      // Page by page: the reader may take its time, and no cursor has to live as long.
      let last = keyOf(tenant, '');
      const end = `${tenant}0`; // '0' is the character after '/'
      for (;;) {
        const page = await docs
          .find({ _id: { $gt: last, $lt: end } })
          .sort({ _id: 1 })
          .limit(atOnce)
          .toArray();
        for (const doc of page) yield unpacked(doc);
        last = page.at(-1)?._id ?? end;
        if (page.length < atOnce) return;
      }
    },
  };
}
