/** Resolves product ids of a CSAF product tree to rpm packages: name, version, module stream, and the platform that they are part of. */
import { z } from 'zod';
import { isDebug, RpmName, RpmPart } from './rpm.ts';

const Product = z.object({
  product_id: z.string(),
  name: z.string(),
  product_identification_helper: z.object({ cpe: z.string().optional(), purl: z.string().optional() }).optional(),
});
type Product = z.infer<typeof Product>;
type Branch = { readonly product?: Product | undefined; readonly branches: readonly Branch[] };
const Branch: z.ZodType<Branch> = z.lazy(() =>
  z.object({ product: Product.optional(), branches: z.array(Branch).default([]) }),
);
const Relationship = z.object({
  product_reference: z.string(),
  relates_to_product_reference: z.string(),
  full_product_name: z.object({ product_id: z.string() }),
});
export const Tree = z.object({
  branches: z.array(Branch).default([]),
  full_product_names: z.array(Product).default([]),
  relationships: z.array(Relationship).default([]),
});

/** `evr` = epoch:version-release as far as the vendor says; null = the package as such, in every version. */
export type Resolved = {
  readonly cpe: string;
  readonly name: string;
  /** Whether it is a source package; null = it has no version and no architecture, and the vendor does not say. */
  readonly source: boolean | null;
  readonly evr: string | null;
  readonly module: string | null;
};
type Package = Omit<Resolved, 'cpe'>;

/** rpm in module in platform is the longest chain that vendors write. */
const CHAIN = 8;

/** A look-up by product id. null for ids that are unknown, are no rpm, are part of no platform, or hold debug symbols only. */
export function productsOf(tree: z.infer<typeof Tree>): { of(id: string): Resolved | null } {
  const products = new Map<string, Product>();
  for (const product of tree.full_product_names) products.set(product.product_id, product);
  collect(tree.branches, products);
  const parts = new Map(tree.relationships.map((part) => [part.full_product_name.product_id, part]));
  const packages = new Map<string, Package | null>(); // the same package is part of many platforms
  const packageOf = (id: string): Package | null => {
    const known = packages.get(id);
    if (known !== undefined) return known;
    const product = products.get(id);
    const read = product ? readPackage(product) : null;
    packages.set(id, read);
    return read;
  };
  return {
    of(id) {
      const part = parts.get(id);
      const found = part ? packageOf(part.product_reference) : null;
      if (!part || !found) return null;
      let [whole, module] = [part.relates_to_product_reference, found.module];
      for (let step = 0; step < CHAIN; step++) {
        const next = parts.get(whole);
        if (!next) break;
        module ??= moduleOf(products.get(next.product_reference));
        whole = next.relates_to_product_reference;
      }
      const cpe = products.get(whole)?.product_identification_helper?.cpe;
      return cpe ? { ...found, module, cpe } : null;
    },
  };
}

function collect(branches: readonly Branch[], products: Map<string, Product>): void {
  for (const { product, branches: inner } of branches) {
    if (product) products.set(product.product_id, product);
    collect(inner, products);
  }
}

type Purl = {
  readonly type: string;
  readonly path: readonly string[];
  readonly version: string | null;
  readonly with: URLSearchParams;
};
/** Package URL specification: `pkg:type/namespace/name@version?qualifiers`. null when it is none. */
function purlOf(text: string | undefined): Purl | null {
  const [, type, path, version, qualifiers] =
    /^pkg:([a-z]+)\/([^?#@]+)(?:@([^?#]*))?(?:\?([^#]*))?/.exec(text ?? '') ?? [];
  if (!type || !path) return null;
  try {
    const segments = path.split('/').map(decodeURIComponent);
    // A plus sign is a plus sign here, not a space.
    const pairs = new URLSearchParams(qualifiers?.replaceAll('+', '%2B'));
    return { type, path: segments, version: version ? decodeURIComponent(version) : null, with: pairs };
  } catch {
    return null; // a percent sign that encodes nothing
  }
}

/**
 * Red Hat writes modules in three ways: the rpm is part of a product `pkg:rpmmod/redhat/nodejs@18:...`, the rpm's own address has
 * `rpmmod=nodejs:18:...`, or an unfixed component is `pkg:rpmmod/redhat/nodejs:18/nodejs`.
 */
function moduleOf(product: Product | undefined): string | null {
  const purl = purlOf(product?.product_identification_helper?.purl);
  const [name, stream] = [purl?.path.at(-1), purl?.version?.split(':')[0]];
  return purl?.type === 'rpmmod' && name && stream ? `${name}:${stream}` : null;
}

const stream = (text: string | null): string | null => /^([^:\s]+:[^:\s]+)/.exec(text ?? '')?.[1] ?? null;

function readPackage(product: Product): Package | null {
  const address = product.product_identification_helper?.purl;
  const purl = purlOf(address);
  if (address !== undefined && !purl?.type.startsWith('rpm')) return null;
  const written = nevraOf(product.name) ?? nevraOf(product.product_id);
  const inModule = /^([^:/\s]+:[^:/\s]+)\/([^:/\s]+)$/.exec(product.name);
  if (purl?.type === 'rpmmod' && purl.path.length < 3) return null; // the module itself
  const name = purl?.path.at(-1) ?? written?.name ?? inModule?.[2] ?? product.name;
  const evr = written?.evr ?? evrOf(purl);
  const arch = purl?.with.get('arch') ?? written?.arch ?? null;
  if (!RpmName.safeParse(name).success || isDebug(name)) return null;
  const module =
    purl?.type === 'rpmmod'
      ? stream(purl.path.at(-2) ?? null)
      : (stream(purl?.with.get('rpmmod') ?? null) ?? inModule?.[1]);
  const bare = evr === null && arch === null && purl?.type !== 'rpm';
  const source = bare ? null : arch === 'src';
  return { name, source, evr, module: module ?? null };
}

/** `openssl-1:3.0.7-27.el9.x86_64` (Red Hat), `bind-9.9.4P2-0.6.1.i586` (SUSE); anything after `::` is a module. */
function nevraOf(text: string): { name: string; evr: string; arch: string } | null {
  const read = /^(\S+)-(?:(\d{1,9}):)?([^-:\s]+)-([^-:\s]+)\.([a-z][a-z0-9_]*)(?:\.rpm)?(?:::\S+)?$/.exec(text);
  const [, name = '', epoch, version, release, arch = ''] = read ?? [];
  if (!RpmPart.safeParse(version).success || !RpmPart.safeParse(release).success) return null;
  return { name, evr: `${epoch === undefined ? '' : `${Number(epoch)}:`}${version}-${release}`, arch };
}

/** A version without a release is a module's stream, not a version (`pkg:rpm/redhat/squid@4?rpmmod=squid:4`). */
function evrOf(purl: Purl | null): string | null {
  const [, version, release] = /^([^-]+)-([^-]+)$/.exec(purl?.version ?? '') ?? [];
  if (!RpmPart.safeParse(version).success || !RpmPart.safeParse(release).success) return null;
  return `${Number(purl?.with.get('epoch') ?? 0) || 0}:${version}-${release}`;
}
