/** One advisory in the files of several repositories, brought one file at a time. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readOffline } from '../../../workers/feeds/offline.ts';
import { importFile, syncFeed } from '../../../workers/feeds/sync.ts';
import { updateinfo } from '../../../workers/feeds/updateinfo.ts';
import { type FlowWorld, flowDatabase } from '../../domain/flows/world.ts';
import { fleet } from './advisories.ts';
import { type FeedServer, feedServer } from './server.ts';

const root = mkdtempSync(join(tmpdir(), 'patchherd-repositories-'));
let db: Awaited<ReturnType<typeof flowDatabase>>;
let server: FeedServer;
let world: FlowWorld;
beforeAll(async () => {
  [db, server] = await Promise.all([flowDatabase(), feedServer()]);
});
beforeEach(async () => {
  world = db.world();
  await db.database.connection.collection('advisories').deleteMany({});
});
afterAll(async () => {
  await server?.close();
  await db?.close();
  rmSync(root, { recursive: true, force: true });
});

type Repository = 'baseos' | 'appstream';
type Says = { readonly title?: string; readonly updated?: string; readonly minor?: string };
const id = 'ALSA-2026:0001';
/** The advisory as one repository's file has it; its packages as `name-version`. */
const update = (
  repository: Repository,
  packages: readonly string[],
  { title = 'xz', updated = '2026-01-01', minor = '9' }: Says,
) =>
  `<update status="final" type="security"><id>${id}</id><title>${title}</title><updated date="${updated}"/><pkglist>
   <collection short="almalinux-9-for-x86_64-${repository}-rpms__${minor}_default">${packages
     .map((one) => one.split('-'))
     .map(([name, version]) => `<package name="${name}" version="${version}" release="1.el9" arch="x86_64"/>`)
     .join('')}</collection></pkglist></update>`;
let files = 0;
function file(repository: Repository, packages: readonly string[], says: Says = {}): string {
  files += 1; // a compose has another name each time
  const path = join(root, `${files}-updateinfo.xml`);
  writeFileSync(path, `<updates>${update(repository, packages, says)}</updates>`);
  return path;
}
const parts = () => ({ world, dataDir: join(root, 'data'), version: '1' });
const wanted = fleet('almalinux:9');
/** Imports a file; gives how many advisories that changed. */
async function bring(path: string): Promise<number> {
  const synced = await importFile(parts(), updateinfo, path, { wanted });
  if (synced.kind !== 'taken') throw new Error(`the import was ${synced.kind}`);
  return synced.tally.changed;
}
async function stored() {
  const [advisory, ...others] = await world.advisories.named(id);
  if (!advisory || others.length > 0) throw new Error('one advisory was expected');
  const packages = advisory.affected.map((one) => `${one.package} ${one.fixed}`).sort();
  return { title: advisory.title, packages };
}
const both = ['libxz 0:2-1.el9', 'xz 0:2-1.el9'];

describe('an advisory that stands in two repositories', () => {
  it.each<[string, readonly Repository[]]>([
    ['BaseOS first', ['baseos', 'appstream']],
    ['AppStream first', ['appstream', 'baseos']],
  ])('has the packages of both (%s), and is the same when one comes again', async (_, order) => {
    const paths = order.map((repository) => file(repository, [repository === 'baseos' ? 'xz-2' : 'libxz-2']));
    for (const path of paths) expect(await bring(path)).toBe(1);
    expect((await stored()).packages).toEqual(both);
    for (const path of [...paths, ...paths]) expect(await bring(path)).toBe(0);
    expect((await stored()).packages).toEqual(both);
  });
  it('is stored in the same way whatever file came first', async () => {
    const marks = [];
    const [base, app] = [file('baseos', ['xz-2']), file('appstream', ['libxz-2'])];
    for (const paths of [
      [base, app],
      [app, base],
    ]) {
      await db.database.connection.collection('advisories').deleteMany({});
      for (const path of paths) await bring(path);
      marks.push((await db.database.connection.collection('advisories').findOne({}))?.['mark']);
    }
    expect(marks[0]).toBe(marks[1]);
  });
  it('loses what a newer copy of one file no longer names, and nothing of the other', async () => {
    await bring(file('baseos', ['xz-2', 'old-1']));
    await bring(file('appstream', ['libxz-2']));
    expect(await bring(file('baseos', ['xz-3'], { minor: '9_1' }))).toBe(1);
    expect((await stored()).packages).toEqual(['libxz 0:2-1.el9', 'xz 0:3-1.el9']);
  });
  it('keeps a package that both name until neither does', async () => {
    await bring(file('baseos', ['xz-2']));
    await bring(file('appstream', ['xz-2', 'libxz-2']));
    expect((await stored()).packages).toEqual(both);
    await bring(file('baseos', ['other-1']));
    expect((await stored()).packages).toEqual(['libxz 0:2-1.el9', 'other 0:1-1.el9', 'xz 0:2-1.el9']);
    await bring(file('appstream', ['libxz-2']));
    expect((await stored()).packages).toEqual(['libxz 0:2-1.el9', 'other 0:1-1.el9']);
  });
  it('has the newer text, and does not change it in turns when both are of one day', async () => {
    const [base, app] = [file('baseos', ['xz-2'], { title: 'base' }), file('appstream', ['libxz-2'], { title: 'app' })];
    for (const path of [base, app]) await bring(path);
    for (const path of [base, app, base]) expect(await bring(path)).toBe(0);
    await bring(file('appstream', ['libxz-2'], { title: 'newer', updated: '2026-02-01' }));
    await bring(base);
    expect(await stored()).toEqual({ title: 'newer', packages: both });
  });
  it('has a mended text of one day, too, when there is only one repository', async () => {
    await bring(file('baseos', ['xz-2'], { title: 'wrong' }));
    await bring(file('baseos', ['xz-2'], { title: 'right' }));
    expect((await stored()).title).toBe('right');
  });
  it('keeps what was imported when another repository is asked for it', async () => {
    await bring(file('appstream', ['libxz-2']));
    const content = `<updates>${update('baseos', ['xz-2'], {})}</updates>`;
    const checksum = createHash('sha256').update(content).digest('hex');
    server.answer('/BaseOS/repodata/u.xml', content);
    server.answer(
      '/BaseOS/repodata/repomd.xml',
      `<repomd><data type="updateinfo"><checksum type="sha256">${checksum}</checksum><location href="repodata/u.xml"/></data></repomd>`,
    );
    const url = `almalinux:9=${server.url}/BaseOS/`;
    expect(await syncFeed(parts(), updateinfo, { wanted, url })).toMatchObject({ kind: 'taken' });
    expect((await stored()).packages).toEqual(both);
  });
  it('has the packages of both without a database, too', async () => {
    const folder = mkdtempSync(join(root, 'offline-'));
    for (const [name, repository, one] of [
      ['a', 'baseos', 'xz-2'],
      ['b', 'appstream', 'libxz-2'],
    ] as const)
      writeFileSync(join(folder, `updateinfo-${name}.xml`), `<updates>${update(repository, [one], {})}</updates>`);
    const { advisories } = await readOffline(folder, 'almalinux:9', [updateinfo]);
    expect(
      advisories
        .get(`updateinfo/${id}`)
        ?.affected.map((one) => one.package)
        .sort(),
    ).toEqual(['libxz', 'xz']);
  });
});
