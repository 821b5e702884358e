/** Until when a product's versions get fixes, as endoflife.date lists them. */

/** One cycle of a product. Days as YYYY-MM-DD; null = no date is known. */
export type Lifecycle = {
  readonly product: string;
  readonly cycle: string;
  readonly eol: string | null;
  readonly latest: string | null;
};
