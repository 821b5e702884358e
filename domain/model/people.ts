/** Who people are and what they may do. Rights come from here, never from channel membership. */
import type { PersonId, TenantId } from './ids.ts';

export const roles = ['viewer', 'approver', 'operator', 'oncall', 'freeze', 'admin'] as const;
export type Role = (typeof roles)[number];
export type Platform = 'slack' | 'discord' | 'web' | 'cli';

/** One chat identity: Slack team and user, Discord guild and user, `web`/`cli` with the installation's own ids. */
export type Account = { readonly platform: Platform; readonly workspace: string; readonly user: string };

export type Person = {
  readonly id: PersonId;
  readonly tenant: TenantId;
  readonly name: string;
  readonly roles: readonly Role[];
  /** IANA zone in which this person reads times. */
  readonly zone: string;
  readonly accounts: readonly Account[];
};

/**
 * An admin may do everything except pass the four-eyes rule twice; whoever has a role may look; everybody may do what needs no role.
 */
export function may(person: Person, role: Role | null): boolean {
  if (role === 'viewer') return person.roles.length > 0;
  return role === null || person.roles.includes(role) || person.roles.includes('admin');
}

/** Who is asked when nobody is named: the first on call, else the first admin. */
export const onCall = (people: readonly Person[]): Person | undefined =>
  people.find(({ roles: has }) => has.includes('oncall')) ?? people.find(({ roles: has }) => has.includes('admin'));
