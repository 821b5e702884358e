/** Settings as the domain's own types: people, policies, and devices that are still to be stored. */
import type { DeviceSeed } from '../domain/flows/enrol.ts';
import type { Tighten } from '../domain/intel/priority.ts';
import type { PersonId, PolicyId, TenantId } from '../domain/model/ids.ts';
import type { Person } from '../domain/model/people.ts';
import type { Amount, Policy } from '../domain/model/policy.ts';
import type { Settings } from './settings.ts';

// Ids in settings were checked by the schema: this is where they become the domain's.
const tenantOf = (settings: Settings): TenantId => settings.tenant as TenantId;

/** The people of the tenant. In the web chat and the shell, a person is known by their own id in this tenant. */
export function people(settings: Settings): readonly Person[] {
  return settings.people.map(({ id, name, roles, zone, accounts }) => ({
    id: id as PersonId,
    tenant: tenantOf(settings),
    name,
    roles,
    zone,
    accounts: [
      ...(['slack', 'discord'] as const).flatMap((platform) => {
        const [workspace, user] = accounts[platform]?.split('/') ?? [];
        return workspace && user ? [{ platform, workspace, user }] : [];
      }),
      ...(['web', 'cli'] as const).map((platform) => ({ platform, workspace: settings.tenant, user: id })),
    ],
  }));
}

/** `5` is a number of devices, `10%` a percentage of the rollout. */
function amountOf(written: number | string | undefined): Amount | null {
  if (written === undefined) return null;
  return typeof written === 'number' ? { count: written } : { percent: Number(written.slice(0, -1)) };
}

/** The policies in the order of the file: the first that selects a device has it. */
export function policies(settings: Settings): readonly Policy[] {
  return settings.policies.map(({ id, concurrency, errorBudget, digest, ...rest }) => ({
    ...rest,
    digest: digest === 'off' ? null : { hour: digest.hour, zone: digest.zone ?? rest.windows[0]?.zone ?? 'UTC' },
    id: id as PolicyId,
    concurrency: amountOf(concurrency),
    errorBudget: amountOf(errorBudget),
  }));
}

/** Days within which the tenant wants a severity fixed, where that is sooner than the table says. */
export function tighten({ priority }: Settings): Tighten {
  const given = Object.entries(priority.tightenDays).filter(([, days]) => days !== undefined);
  return Object.fromEntries(given);
}

/** Whether patches above low need a verdict before they are approved. */
export const triageRequired = ({ triage }: Settings): boolean => triage.required;

/** The devices of the file, not stored yet. */
export function deviceSeeds(settings: Settings): readonly DeviceSeed[] {
  return settings.devices.map(({ owner, criticality, exposure, ...rest }) => ({
    ...rest,
    tenant: tenantOf(settings),
    transport: 'ssh',
    criticality: criticality ?? null,
    exposure: exposure ?? null,
    owner: owner === undefined ? null : (owner as PersonId),
  }));
}

/** A login as the SSH side takes it: a private key's text, an agent's socket, or a password. */
export type Login =
  | { readonly kind: 'key'; readonly privateKey: string; readonly passphrase?: string }
  | { readonly kind: 'agent'; readonly socket: string }
  | { readonly kind: 'password'; readonly password: string };

/** Finds a login by its name; undefined when the settings have none of that name. */
export function logins(settings: Settings): (name: string) => Login | undefined {
  const byName = new Map<string, Login>();
  for (const { name, ...login } of settings.credentials) {
    if (login.kind !== 'key') byName.set(name, login);
    else
      byName.set(name, {
        kind: 'key',
        privateKey: login.key,
        ...(login.passphrase && { passphrase: login.passphrase }),
      });
  }
  return (name) => byName.get(name);
}
