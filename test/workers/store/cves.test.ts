import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CveSaying, type Cvss, type Epss, type Kev, type Ssvc, unknownCve } from '../../../domain/model/cve.ts';
import type { TenantId } from '../../../domain/model/ids.ts';
import type { Cves } from '../../../domain/ports.ts';
import { newDatabase } from '../../database.ts';

const database = newDatabase();
let store: Cves;
beforeAll(() => {
  store = database().tenant('acme' as TenantId).cves;
});
beforeEach(async () => {
  await documents().deleteMany({});
});

const documents = () => database().connection.collection<{ _id: string }>('cves');
const kev: Kev = { added: '2024-01-01', due: '2024-01-22', ransomware: true };
const ssvc: Ssvc = { exploitation: 'poc', automatable: true, impact: 'total' };
const epssOf = (score: number): Epss => ({ score, percentile: 0.5, date: '2026-06-28' });
const cvssOf = (score: number, by: string): Cvss => ({ vector: 'CVSS:3.1/AV:N', score, by });
const epss = (id: string, score: number): CveSaying => ({ field: 'epss', id, value: epssOf(score) });
const facts = async (id: string) => (await store.get([id])).get(id);
const [a, b, c] = ['CVE-2024-0001', 'CVE-2024-0002', 'CVE-2024-0003'];

describe('the store of facts about CVEs', () => {
  it('gives what several feeds have said of one, and null for what none has', async () => {
    await store.takeOver('kev', [{ field: 'kev', id: a, value: kev }], true);
    await store.takeOver('ssvc', [{ field: 'ssvc', id: a, value: ssvc }], false);
    await store.takeOver('epss', [epss(a, 0.97), epss(b, 0.1)], true);
    expect(await store.get([a, b, c, a])).toEqual(
      new Map([
        [a, { id: a, kev, ssvc, epss: epssOf(0.97), cvss: null }],
        [b, { ...unknownCve(b), epss: epssOf(0.1) }],
        [c, unknownCve(c)],
      ]),
    );
  });

  it("takes a record's own rating before NVD's, whichever came first", async () => {
    const [own, nvd] = [cvssOf(9.8, 'cna'), cvssOf(7.5, 'nvd')];
    await store.takeOver('nvd', [{ field: 'nvd', id: a, value: nvd }], false);
    expect((await facts(a))?.cvss).toEqual(nvd);
    await store.takeOver('cvss', [{ field: 'cvss', id: a, value: own }], false);
    await store.takeOver('nvd', [{ field: 'nvd', id: a, value: { ...nvd, score: 7.6 } }], false);
    expect((await facts(a))?.cvss).toEqual(own);
    await store.takeOver('cvss', [], true);
    expect((await facts(a))?.cvss).toEqual({ ...nvd, score: 7.6 });
  });

  it('gives the ids for which anything changed', async () => {
    expect(await store.takeOver('epss', [epss(a, 0.1), epss(b, 0.2)], true)).toEqual(new Set([a, b]));
    expect(await store.takeOver('epss', [epss(a, 0.1), epss(b, 0.2)], true)).toEqual(new Set());
    expect(await store.takeOver('epss', [epss(a, 0.1), epss(b, 0.3)], true)).toEqual(new Set([b]));
  });

  it('does not write what has not changed, whatever the order of its fields', async () => {
    await store.takeOver('epss', [epss(a, 0.1)], true);
    await documents().updateOne({ _id: a }, { $set: { note: 'still there' } });
    const turned = { field: 'epss', id: a, value: { date: '2026-06-28', percentile: 0.5, score: 0.1 } } as const;
    expect(await store.takeOver('epss', [turned], true)).toEqual(new Set());
    expect(await documents().findOne({ _id: a })).toMatchObject({ note: 'still there', epss: epssOf(0.1) });
  });

  it('takes only this field from those that a complete delivery does not name', async () => {
    await store.takeOver(
      'kev',
      [a, b].map((id) => ({ field: 'kev', id, value: kev })),
      true,
    );
    await store.takeOver('epss', [epss(a, 0.1), epss(b, 0.2)], true);
    expect(await store.takeOver('kev', [{ field: 'kev', id: b, value: kev }], true)).toEqual(new Set([a]));
    expect(await facts(a)).toEqual({ ...unknownCve(a), epss: epssOf(0.1) });
    expect((await facts(b))?.kev).toEqual(kev);
    expect(await store.takeOver('kev', [], true)).toEqual(new Set([b]));
  });

  it('keeps what a delivery that is not complete does not name', async () => {
    await store.takeOver('epss', [epss(a, 0.1)], false);
    expect(await store.takeOver('epss', [epss(b, 0.2)], false)).toEqual(new Set([b]));
    expect((await facts(a))?.epss).toEqual(epssOf(0.1));
  });

  it('takes the last of two sayings of one CVE, and is content with it the next time', async () => {
    await store.takeOver('epss', [epss(a, 0.1), epss(a, 0.2)], true);
    expect((await facts(a))?.epss).toEqual(epssOf(0.2));
    expect(await store.takeOver('epss', [epss(a, 0.1), epss(a, 0.2)], true)).toEqual(new Set());
  });

  it('takes over more than one command can name', async () => {
    const many = Array.from({ length: 2100 }, (_, at) => epss(`CVE-2020-${10_000 + at}`, 0.1));
    expect((await store.takeOver('epss', many, true)).size).toBe(2100);
    expect((await store.get(many.map(({ id }) => id))).get('CVE-2020-12099')?.epss).toEqual(epssOf(0.1));
    expect((await store.takeOver('epss', many.slice(0, 1000), true)).size).toBe(1100);
    expect(await documents().countDocuments({ epss: { $exists: true } })).toBe(1000);
  });

  it('survives several feeds that speak of the same CVEs at the same time', async () => {
    const ids = Array.from({ length: 300 }, (_, at) => `CVE-2021-${10_000 + at}`);
    await Promise.all([
      store.takeOver(
        'epss',
        ids.map((id) => epss(id, 0.1)),
        true,
      ),
      store.takeOver(
        'epss',
        ids.map((id) => epss(id, 0.1)),
        true,
      ),
      store.takeOver(
        'kev',
        ids.map((id) => ({ field: 'kev', id, value: kev })),
        true,
      ),
    ]);
    const all = [...(await store.get(ids)).values()];
    expect(all.filter((one) => one.epss?.score === 0.1 && one.kev?.ransomware)).toHaveLength(300);
  });

  it('refuses a saying of another field: that is a bug', async () => {
    await expect(store.takeOver('kev', [epss(a, 0.1)], true)).rejects.toThrow(/wrong-field/);
  });

  it('keeps everything when a delivery breaks off', async () => {
    await store.takeOver('epss', [epss(a, 0.1), epss(b, 0.1)], true);
    function* broken(): Iterable<CveSaying> {
      yield epss(a, 0.2);
      throw new Error('the wire broke');
    }
    await expect(store.takeOver('epss', broken(), true)).rejects.toThrow('the wire broke');
    expect((await facts(b))?.epss).toEqual(epssOf(0.1));
    expect(await store.takeOver('epss', [epss(a, 0.2), epss(b, 0.1)], true)).toEqual(new Set([a]));
  });
});
