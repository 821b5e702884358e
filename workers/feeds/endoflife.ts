/** endoflife.date: until when each version line of a product gets fixes, and which version of it is the latest. */
import { posix } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../domain/model/failure.ts';
import { jsonOf, membersOf } from './archive.ts';
import { asOf, isDay, itemsOf } from './checks.ts';
import type { Feed, Item, Lifecycle } from './feed.ts';
import { oneLine } from './text.ts';

/** Unpacked too; the 450 products of 2026 have some 4 MB. */
const MAX_BYTES = 64 * 1024 ** 2;
const OTHERS = 20;

/** A product's name as it stands in addresses. */
const Product = z.string().regex(/^[\w.+~-]{1,80}$/, 'must be a product such as ubuntu');
/** Names of cycles and versions are mostly numbers, but devices have names of several words. */
const Name = z
  .string()
  .max(200)
  .transform(oneLine)
  .refine((name) => name !== '' && name.length <= 80, 'must be a short name');
const Day = z.string().refine(isDay, 'must be a day such as 2029-05-31');
const Latest = z.object({ name: Name });

/** Version 1 of the API: one product, or all of them. */
const V1 = z.object({
  generated_at: z.unknown().optional(),
  result: z.union([z.array(z.unknown()).min(1), z.looseObject({ releases: z.unknown() })]),
});
const V1Product = z.object({ name: Product, releases: z.array(z.unknown()) });
const V1Release = z.object({ name: Name, eolFrom: Day.nullish(), latest: Latest.nullish() });
/** The API before: a list for each product, whose name only the address had. `eol` may be a yes or no without a date. */
const OldCycle = z.object({
  cycle: z.union([Name, z.number().transform(String)]),
  eol: z.union([Day, z.boolean()]).optional(),
  latest: Name.nullish(),
});
/** The project's own collected data (release-data): one file for each product. */
const Collected = z.object({
  releases: z.record(z.string(), z.unknown()),
  versions: z.record(z.string(), z.unknown()),
});
const CollectedRelease = z.object({ name: Name, eol: z.union([Day, z.boolean()]).nullish() });
const CollectedVersion = z.object({ name: Name, date: Day });

export const endoflife: Feed = {
  id: 'endoflife',
  title: 'endoflife.date',
  gives: 'lifecycles',
  url: 'https://endoflife.date/api/v1/products/full',
  everyHours: 24,
  byDefault: true,
  licence: 'MIT, endoflife.date contributors',
  concerns: () => true,
  async sync(source, url) {
    const file = await source.get(url, { maxBytes: MAX_BYTES });
    if (!file) return null;
    const documents = await documentsIn(file.path, productOf(file.url));
    const full = documents.find(({ json }) => isFull(json));
    const made = full && V1.safeParse(full.json).data?.generated_at;
    return { complete: full !== undefined, items: cyclesIn(documents), cursor: null, ...asOf(made) };
  },
  async *read(file) {
    yield* cyclesIn(await documentsIn(file, productOf(file)));
  },
};

/** `form` null: something else, such as another file of an archive. */
type Document = { readonly product: string; readonly json: unknown; readonly form: Form | null };
type Form = 'v1' | 'old' | 'collected';

/** The file's name without its endings: the product, in the forms that do not name it themselves. */
const productOf = (address: string): string => unpackedName(address.replace(/[?#].*/, '')).replace(/\.json$/, '');
const unpackedName = (file: string): string => posix.basename(file).replace(/\.(gz|xz|zst|bz2)$/i, '');

/** One JSON text, or an archive of them. */
async function documentsIn(file: string, product: string): Promise<readonly Document[]> {
  const documents: Document[] = [];
  let known = 0;
  for await (const { name, text } of membersOf(file, '.json', MAX_BYTES)) {
    const own = name === unpackedName(file); // no archive: a fetched file is kept under another name
    const json = jsonOf(text);
    const form = formOf(json);
    if (form) known++;
    documents.push({ product: own ? product : productOf(name), json, form });
    // An archive of something else need not be read to its end.
    if (known === 0 && documents.length > OTHERS) break;
  }
  if (known === 0) {
    throw new Failure('feed.unreadable', 'The file holds no product of endoflife.date in any form of its data.');
  }
  return documents;
}

/** null for JSON that is something else. */
function formOf(json: unknown): Form | null {
  if (V1.safeParse(json).success) return 'v1';
  if (Collected.safeParse(json).success) return 'collected';
  return Array.isArray(json) && json.some((cycle) => OldCycle.safeParse(cycle).success) ? 'old' : null;
}

const isFull = (json: unknown): boolean => Array.isArray(V1.safeParse(json).data?.result);

async function* cyclesIn(documents: readonly Document[]): AsyncGenerator<Item> {
  for (const { product, json, form } of documents) {
    if (form === null) yield { kind: 'dropped', where: 'a file of the archive', why: 'holds no product' };
    else if (form === 'v1') yield* productsIn(V1.parse(json).result);
    else if (form === 'old') yield* oldCycles(product, json as readonly unknown[]);
    else yield* collectedCycles(product, Collected.parse(json));
  }
}

function* productsIn(result: z.infer<typeof V1>['result']): Generator<Item> {
  const products: readonly unknown[] = Array.isArray(result) ? result : [result];
  for (const [index, product] of products.entries()) {
    const position = `product ${index + 1}`;
    yield* itemsOf(V1Product, product, { id: null, position }, ({ name, releases }) =>
      releases.flatMap((release, at) => releaseItems(name, release, `${name}, release ${at + 1}`)),
    );
  }
}

const releaseItems = (product: string, release: unknown, position: string): readonly Item[] =>
  itemsOf(V1Release, release, { id: null, position }, ({ name, eolFrom, latest }) => [
    item({ product, cycle: name, eol: eolFrom ?? null, latest: latest?.name ?? null }),
  ]);

function* oldCycles(name: string, cycles: readonly unknown[]): Generator<Item> {
  const product = productNamed(name);
  for (const [index, cycle] of cycles.entries()) {
    yield* itemsOf(OldCycle, cycle, { id: null, position: `${product}, cycle ${index + 1}` }, (good) => [
      item({ product, cycle: good.cycle, eol: dayOnly(good.eol), latest: good.latest ?? null }),
    ]);
  }
}

/** The latest version of a cycle is the one of the newest day whose name begins with the cycle's. */
function* collectedCycles(name: string, { releases, versions }: z.infer<typeof Collected>): Generator<Item> {
  const product = productNamed(name);
  const dated = Object.values(versions)
    .flatMap((version) => CollectedVersion.safeParse(version).data ?? [])
    .sort((a, b) => b.date.localeCompare(a.date));
  for (const [index, release] of Object.values(releases).entries()) {
    yield* itemsOf(CollectedRelease, release, { id: null, position: `${product}, release ${index + 1}` }, (good) => {
      const latest = dated.find((version) => version.name === good.name || version.name.startsWith(`${good.name}.`));
      return [item({ product, cycle: good.name, eol: dayOnly(good.eol), latest: latest?.name ?? null })];
    });
  }
}

/** Failure `feed.unreadable` for a file that was renamed to something that no product is called. */
function productNamed(name: string): string {
  if (Product.safeParse(name).success) return name;
  throw new Failure('feed.unreadable', 'The file must be named after its product, such as ubuntu.json.');
}

/** "Yes, some day" and "no" have no date. */
const dayOnly = (eol: string | boolean | null | undefined): string | null => (typeof eol === 'string' ? eol : null);

const item = (lifecycle: Lifecycle): Item => ({ kind: 'lifecycle', lifecycle });
