/** CSAF 2.0 documents of our own making, with as much in them as a test needs. */

type Product = { readonly name?: string; readonly id: string; readonly cpe?: string; readonly purl?: string };
const product = ({ id, name = id, cpe, purl }: Product) => ({
  category: cpe ? 'product_name' : 'product_version',
  name,
  product: {
    name,
    product_id: id,
    ...(cpe || purl ? { product_identification_helper: { ...(cpe ? { cpe } : {}), ...(purl ? { purl } : {}) } } : {}),
  },
});
const part = ([reference, of]: readonly [string, string]) => ({
  category: 'default_component_of',
  full_product_name: { name: `${reference} of ${of}`, product_id: `${of}:${reference}` },
  product_reference: reference,
  relates_to_product_reference: of,
});

export type Parts = {
  readonly id?: string;
  readonly title?: string;
  readonly products?: readonly Product[];
  /** Component and what it is part of; its product id is `of:component`. */
  readonly parts?: readonly (readonly [string, string])[];
  /** Product ids by status, for each CVE. */
  readonly status?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly document?: object;
  readonly tracking?: object;
  /** Merged into every vulnerability. */
  readonly vulnerability?: object;
};
export const csaf = ({ id = 'RHSA-2026:0001', title = 'curl security update', ...rest }: Parts = {}) => ({
  document: {
    category: 'csaf_security_advisory',
    csaf_version: '2.0',
    title,
    publisher: { category: 'vendor', name: 'A vendor', namespace: 'https://vendor.example' },
    tracking: {
      id,
      status: 'final',
      version: '1',
      initial_release_date: '2026-08-01T10:00:00+00:00',
      current_release_date: '2026-08-02T10:00:00+00:00',
      revision_history: [{ date: '2026-08-01T10:00:00+00:00', number: '1', summary: 'Initial version' }],
      ...rest.tracking,
    },
    ...rest.document,
  },
  product_tree: {
    branches: [{ category: 'vendor', name: 'A vendor', branches: (rest.products ?? []).map(product) }],
    relationships: (rest.parts ?? []).map(part),
  },
  vulnerabilities: Object.entries(rest.status ?? {}).map(([cve, product_status]) => ({
    cve,
    product_status,
    ...rest.vulnerability,
  })),
});

const platform = { id: 'BaseOS-9', cpe: 'cpe:/o:redhat:enterprise_linux:9::baseos' };
const curl = {
  id: 'curl-0:7.76.1-29.el9.x86_64',
  purl: 'pkg:rpm/redhat/curl@7.76.1-29.el9?arch=x86_64',
};
/** An update of curl for RHEL 9. */
export const curlUpdate: Parts = {
  products: [platform, curl],
  parts: [[curl.id, platform.id]],
  status: { 'CVE-2026-1000': { fixed: [`${platform.id}:${curl.id}`] } },
};
