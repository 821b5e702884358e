/** A world for the tests of flows: real stores, the real calendar, a clock that tests set, and no device unless a test brings one. */
import { calendar } from '../../../config/cron.ts';
import type { MatchIndex } from '../../../domain/intel/match.ts';
import type { Deployment } from '../../../domain/model/deployment.ts';
import type { Device } from '../../../domain/model/device.ts';
import { directory } from '../../../domain/model/directory.ts';
import { Failure } from '../../../domain/model/failure.ts';
import type { DeploymentId, PatchId, TenantId } from '../../../domain/model/ids.ts';
import { type Applicability, applicabilityId, type TransactionItem } from '../../../domain/model/patch.ts';
import type { Person } from '../../../domain/model/people.ts';
import { digestOf, type Plan } from '../../../domain/model/plan.ts';
import type { Policy } from '../../../domain/model/policy.ts';
import type { Proposal } from '../../../domain/model/proposal.ts';
import type { Rollout } from '../../../domain/model/rollout.ts';
import type { Devices, Said, WorkerWorld } from '../../../domain/ports.ts';
import { connect, type Database, type TenantStore } from '../../../workers/store/connect.ts';
import { freshDatabase } from '../../database.ts';
import * as make from '../make.ts';

export const silent: Said = { events: [] };
export const acme = 'debian:12/acme-agent=1.1' as PatchId;
export const riley = make.person('riley', ['admin', 'oncall']);
export const sam = make.person('sam', ['approver', 'operator']);
export const olive = make.person('olive', ['viewer']);

/** A window that is open at any instant, with twelve hours left at least. */
export const always = { cron: '0 0,12 * * *', zone: 'UTC', durationMinutes: 1440, cutoffMinutes: 0 };
/** 02:00 to 04:00, last start 03:25: two hours, minus half an hour, minus the five minutes that an install takes. */
export const nightly = { cron: '0 2 * * *', zone: 'UTC', durationMinutes: 120, cutoffMinutes: 30 };

const offline: Devices = {
  async open({ name }) {
    throw new Failure('device.unreachable', `${name} does not answer.`, { retryable: true });
  },
  forget: () => {},
  close: async () => {},
};

export type Options = {
  readonly policies?: readonly Policy[];
  readonly people?: readonly Person[];
  readonly remote?: Devices;
  /** Another process on the same records. */
  readonly like?: FlowWorld;
};
export type FlowWorld = WorkerWorld & {
  readonly store: TenantStore;
  /** What was asked of the queue, in order. */
  readonly woken: { id: DeploymentId; at: Date | null }[];
  readonly clock: { now(): Date; set(at: Date | string): void };
};

/** One database for a test file; each world is a tenant of its own unless it is `like` another one. */
export async function flowDatabase(): Promise<{
  readonly database: Database;
  world(options?: Options): FlowWorld;
  close(): Promise<void>;
}> {
  const fresh = await freshDatabase();
  const database = await connect(fresh.uri);
  let tenants = 0;
  return {
    database,
    world(options = {}) {
      tenants += options.like ? 0 : 1;
      return worldOf(database, options.like?.tenant ?? (`t${tenants}` as TenantId), options);
    },
    async close() {
      await database.close();
      await fresh.drop();
    },
  };
}

/** No advisories: worlds that need some bring an index of their own. */
const emptyIndex: MatchIndex = { size: 0, match: () => [] };

let owners = 0;

function worldOf(database: Database, tenant: TenantId, options: Options): FlowWorld {
  const store = database.tenant(tenant);
  let now = make.noon;
  const woken: FlowWorld['woken'] = [];
  owners += 1;
  const { people = [riley, sam, olive], policies = [make.policy({ windows: [always] })] } = options;
  return {
    ...store,
    store,
    tenant,
    woken,
    clock: options.like?.clock ?? {
      now: () => now,
      set(at) {
        now = new Date(at);
      },
    },
    calendar: calendar(),
    log: { info: () => {}, warn: () => {}, error: () => {} },
    queue: {
      deployment: async (id, at) => void woken.push({ id, at: at ?? null }),
      scan: async () => {},
      fleet: async () => {},
      intel: async () => {},
    },
    people: directory(people),
    policies: options.like?.policies ?? policies,
    maxAgeMs: 24 * 3_600_000,
    tighten: {},
    triageRequired: false,
    feedRules: [],
    matchIndex: async () => emptyIndex,
    remote: options.remote ?? offline,
    owner: `test:${owners}`,
  };
}

type Change<T> = { readonly [K in keyof T]?: unknown };

/** Devices of the world's tenant, by name. */
export async function addDevices(
  world: FlowWorld,
  names: readonly string[],
  change: Change<Device> = {},
): Promise<readonly Device[]> {
  const facts = make.facts();
  const all = names.map((name) => make.device(name, { facts, ...change, tenant: world.tenant } as never));
  for (const device of all) await world.devices.insert(device, silent);
  await world.patches.insert(make.patch({ tenant: world.tenant }), silent);
  return all;
}

/** Says that a device misses the patch, as a scan would. */
export async function misses(
  world: FlowWorld,
  { id: device }: Device,
  change: Change<Applicability> = {},
): Promise<Applicability> {
  const record = {
    id: applicabilityId(device, acme),
    tenant: world.tenant,
    rev: 1,
    device,
    patch: acme,
    state: 'missing',
    transaction: make.upgrade,
    undo: 'downgrade',
    because: null,
    at: world.clock.now(),
    ...change,
  } as Applicability; // a test writes plain text for ids
  if (!(await world.applicabilities.insert(record, silent))) {
    const old = await world.applicabilities.get(record.id);
    await world.applicabilities.save({ ...record, rev: (old?.rev ?? 0) + 1 }, old?.rev ?? 0, silent);
  }
  return record;
}

/** An approved proposal with its rollout and one waiting deployment for each device. */
export async function addRollout(
  world: FlowWorld,
  names: readonly string[],
  change: {
    readonly rollout?: Change<Rollout>;
    readonly deployment?: Change<Deployment>;
    readonly plan?: Change<Plan>;
    readonly device?: Change<Device>;
  } = {},
): Promise<{ proposal: Proposal; rollout: Rollout; deployments: readonly Deployment[] }> {
  await addDevices(world, names, change.device);
  const { tenant } = world;
  const plan = make.plan(names, change.plan as never);
  const digest = await digestOf(plan);
  const proposal = make.proposal({ tenant, plan: plan as never, digest, state: 'approved', rollout: 'r-1-2' });
  const rollout = make.rollout({ tenant, digest, total: names.length, inFlight: 99, ...change.rollout } as never);
  const deployments = names.map((name) => make.deployment(name, { tenant, fence: 0, ...change.deployment } as never));
  await world.proposals.insert(proposal, silent);
  await world.rollouts.insert(rollout, silent);
  for (const deployment of deployments) await world.deployments.insert(deployment, silent);
  return { proposal, rollout, deployments };
}

/** Reads a deployment again by its device's name. */
export async function deploymentOn(world: FlowWorld, name: string): Promise<Deployment> {
  const found = (await world.deployments.find({})).find((one) => one.name === name);
  if (!found) throw new Error(`no deployment on ${name}`);
  return found;
}

/** Reads a device again by its name. */
export async function deviceOn(world: FlowWorld, name: string): Promise<Device> {
  const [found] = await world.devices.find({ name });
  if (!found) throw new Error(`no device ${name}`);
  return found;
}

/** The only proposal of a world. */
export async function onlyProposal(world: FlowWorld): Promise<Proposal> {
  const [found, ...others] = await world.proposals.find({});
  if (!found || others.length > 0) throw new Error(`${found ? others.length + 1 : 0} proposals`);
  return found;
}

/** Overwrites fields of a deployment, as a worker would. */
export async function setDeployment(world: FlowWorld, name: string, change: Change<Deployment>): Promise<Deployment> {
  const old = await deploymentOn(world, name);
  const next = { ...old, ...change, rev: old.rev + 1 } as Deployment; // a test writes plain text for ids
  await world.deployments.save(next, old.rev, silent);
  return next;
}

/** What happened to a record, by the events that it still holds. */
export async function events(world: FlowWorld, on: string): Promise<readonly string[]> {
  return (await world.audit.waiting(1000)).filter(({ event }) => event.on === on).map(({ event }) => event.what);
}

/** The thread lines that wait to be told: title and summary. */
export async function told(world: FlowWorld): Promise<readonly string[]> {
  const due = await world.store.outbox.due(1000);
  return due.flatMap(({ lines }) => lines.map(({ card }) => `${card.title}: ${card.summary}`));
}

/** Why something was refused; null when it was not. */
export const codeOf = (answer: { ok: true } | { ok: false; error: { code: string } }) =>
  answer.ok ? null : answer.error.code;

/** A package that goes from 1.0 to 1.1. */
export const item = (name: string): TransactionItem => ({ name, arch: 'all', from: '1.0', to: '1.1' });
