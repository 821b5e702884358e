/** What the tests of `add`'s form share: the product's desk on a real catalog, somebody who may add to it, and somebody who may not. */
import type { Account } from '../../../domain/model/people.ts';
import { flowDatabase } from '../../domain/flows/world.ts';
import { person } from '../../domain/make.ts';
import { deskFor } from './verbs.ts';

/** What people fill in, by option. */
export const filled = {
  id: 'ACME-2026-1',
  release: 'debian:12',
  package: 'acme-agent',
  fixed: '1.1',
  severity: 'critical',
  cves: 'CVE-2026-1234',
  title: 'Remote code execution in the agent',
};
export const accepted =
  'ACME-2026-1 is in the catalog. Devices are matched with it now. No device has debian:12 at the moment.';

/** Sam is an operator, Ann is none. */
export async function catalogDesk(sam: Account, ann: Account) {
  const db = await flowDatabase();
  const people = [
    { ...person('sam', ['operator']), accounts: [sam] },
    { ...person('ann', ['approver']), accounts: [ann] },
  ];
  let matched = 0;
  const plain = db.world({ people });
  const intel = async () => {
    matched += 1;
  };
  const world = { ...plain, queue: { ...plain.queue, intel } };
  return {
    people,
    desk: deskFor(world).desk,
    /** The advisories with this id that are in the catalog. */
    entered: (id = filled.id) => world.advisories.named(id),
    /** How often devices were to be matched anew: once for each time that something was added. */
    matched: () => matched,
    /** How often the channel was told of it. */
    async told(id = filled.id): Promise<number> {
      return (await world.notices.find({ about: `advisory:${id}` })).length;
    },
    close: () => db.close(),
  };
}
