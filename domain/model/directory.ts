/** The people of a tenant, from the settings, ready to be asked. */
import type { Account, Person } from './people.ts';

/** Finds people by id and by chat account. */
export function directory(people: readonly Person[]) {
  const byId = new Map<string, Person>(people.map((person) => [person.id, person]));
  const same = (a: Account, b: Account) =>
    a.platform === b.platform && a.workspace === b.workspace && a.user === b.user;
  return {
    byId: (id: string): Person | undefined => byId.get(id),
    byAccount: (account: Account): readonly Person[] =>
      people.filter(({ accounts }) => accounts.some((linked) => same(linked, account))),
    all: (): readonly Person[] => people,
  };
}
