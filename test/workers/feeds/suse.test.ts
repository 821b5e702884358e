/** How SUSE's folder of CSAF documents is followed. */
import { describe, expect, it } from 'vitest';
import { suseCsaf } from '../../../workers/feeds/suse.ts';
import { fleet } from './advisories.ts';
import { csaf } from './csaf-documents.ts';
import { archive, followed, ids, list } from './csaf-folders.ts';
import { hasProgram } from './served.ts';

const bzip2 = hasProgram('bzip2');

describe.skipIf(!bzip2)('the feed suse-csaf', () => {
  const follow = followed(suseCsaf, fleet('sles:15.5'));
  const server = { id: 'SLES 15 SP5', cpe: 'cpe:/o:suse:sles:15:sp5' };
  const suse = (id: string) =>
    csaf({
      id,
      products: [server, { id: 'curl-8.0.1-150400.5.1.x86_64' }],
      parts: [['curl-8.0.1-150400.5.1.x86_64', server.id]],
      status: { 'CVE-2026-1000': { recommended: [`${server.id}:curl-8.0.1-150400.5.1.x86_64`] } },
    });

  it('reads the archive beside the folder first, and the changes of its last days once more', async () => {
    const { sync, put, beside } = follow();
    beside('.tar.bz2', archive('bzip2', { 'csaf/suse-su-2026_0001-1.json': suse('SUSE-SU-2026:0001-1') }));
    put(
      'changes.csv',
      list(
        ['suse-su-2026_0001-1.json', '2026-08-01T00:00:00Z'],
        ['opensuse-su-2026_0002-1.json', '2026-08-09T00:00:00Z'],
        ['suse-su-2026_0003-1.json', '2026-08-10T00:00:00Z'],
      ),
    );
    put('opensuse-su-2026_0002-1.json', csaf({ id: 'openSUSE-SU-2026:0002-1' }));
    put('suse-su-2026_0003-1.json', suse('SUSE-SU-2026:0003-1'));
    const first = await sync(null);
    expect(first).toMatchObject({ complete: true, code: null });
    expect(first?.advisories.map(({ id, affected }) => [id, affected[0]?.release, affected[0]?.fixed])).toEqual([
      ['SUSE-SU-2026:0001-1', 'sles:15.5', '8.0.1-150400.5.1'],
    ]);
    const second = await sync(first?.cursor ?? null);
    expect([ids(second), second?.gone]).toEqual([['SUSE-SU-2026:0003-1'], ['openSUSE-SU-2026:0002-1']]);
    expect(await sync(second?.cursor ?? null)).toBeNull();
  });

  it('names packages that are not affected by their binary names', async () => {
    const update = csaf({
      id: 'SUSE-SU-2026:0001-1',
      products: [server, { id: 'samba-client-libs' }],
      parts: [['samba-client-libs', server.id]],
      status: { 'CVE-2026-1000': { known_not_affected: [`${server.id}:samba-client-libs`] } },
    });
    const { beside, put, sync } = follow();
    beside('.tar.bz2', archive('bzip2', { 'csaf/suse-su-2026_0001-1.json': update }));
    put('changes.csv', '');
    const [advisory] = (await sync(null))?.advisories ?? [];
    expect(advisory?.affected).toMatchObject([
      { names: 'binary', package: 'samba-client-libs', status: 'not-affected' },
    ]);
  });
});
