import { describe, expect, it } from 'vitest';
import { type AuditLink, event, firstBroken, nextLink, patchherd } from '../../../domain/model/audit.ts';
import type { TenantId } from '../../../domain/model/ids.ts';
import { noon } from '../make.ts';

const tenant = 'acme' as TenantId;
async function chain(length: number): Promise<AuditLink[]> {
  const links: AuditLink[] = [];
  for (let number = 1; number <= length; number += 1) {
    links.push(await nextLink(tenant, links.at(-1) ?? null, event(noon, patchherd, 'device.scanned', `d-${number}`)));
  }
  return links;
}

describe('the audit chain', () => {
  it('holds as it was written', async () => {
    expect(await firstBroken(await chain(5))).toBeNull();
  });

  it('names the link whose event was edited', async () => {
    const links = await chain(5);
    const edited = links.map((link) =>
      link.seq === 3 ? { ...link, event: { ...link.event, what: 'device.retired' } } : link,
    );
    expect(await firstBroken(edited)).toBe(3);
  });

  it('names the place where a link was taken out', async () => {
    expect(await firstBroken((await chain(5)).filter(({ seq }) => seq !== 2))).toBe(2);
  });

  it('names the place where two links were swapped', async () => {
    const [one, two, three, four] = await chain(4);
    expect(await firstBroken([one, three, two, four].filter((link) => link !== undefined))).toBe(2);
  });

  it('notices an edit even when the hash was made anew, at the next link', async () => {
    const links = await chain(3);
    const [first, second] = links;
    if (!first || !second) throw new Error('chain too short');
    const forged = await nextLink(tenant, first, { ...second.event, on: 'd-evil' });
    expect(await firstBroken(links.map((link) => (link.seq === 2 ? forged : link)))).toBe(3);
  });
});
