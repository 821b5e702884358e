/** Until when products get fixes, in MongoDB: one document for each product. */
import type { Connection } from 'mongoose';
import type { Lifecycle } from '../../domain/model/lifecycle.ts';
import type { Lifecycles } from '../../domain/ports.ts';
import { factsOf, inBatches, type Writes, writeAll } from './facts.ts';

type ProductDoc = { readonly _id: string; readonly cycles: readonly Omit<Lifecycle, 'product'>[] };

/** The Lifecycles port of domain/ports.ts. Throws whatever the driver throws. */
export function lifecycles(connection: Connection): Lifecycles {
  const docs = factsOf<ProductDoc>(connection, 'lifecycles');
  return {
    async put(all, complete) {
      const stored = new Map<string, string>();
      for await (const { _id, cycles } of docs.find({})) stored.set(_id, JSON.stringify(cycles));
      const products = byProduct(all);
      const changed = [...products.values()].filter(({ _id, cycles }) => stored.get(_id) !== JSON.stringify(cycles));
      for await (const some of inBatches(changed)) {
        const writes: Writes<ProductDoc> = some.map((doc) => ({
          replaceOne: { filter: { _id: doc._id }, replacement: doc, upsert: true },
        }));
        await writeAll(docs, writes);
      }
      const gone = complete ? [...stored.keys()].filter((product) => !products.has(product)) : [];
      for await (const some of inBatches(gone)) await docs.deleteMany({ _id: { $in: some } });
      return changed.length + gone.length;
    },
    async of(product) {
      const found = await docs.findOne({ _id: product });
      return (found?.cycles ?? []).map(({ cycle, eol, latest }) => ({ product, cycle, eol, latest }));
    },
  };
}

function byProduct(all: readonly Lifecycle[]): ReadonlyMap<string, ProductDoc> {
  const products = new Map<string, { _id: string; cycles: Omit<Lifecycle, 'product'>[] }>();
  for (const { product, cycle, eol, latest } of all) {
    const doc = products.get(product) ?? { _id: product, cycles: [] };
    doc.cycles.push({ cycle, eol, latest });
    products.set(product, doc);
  }
  return products;
}
