/** Owns the only connection to the database. */
import mongoose, { type Connection } from 'mongoose';
import { Failure } from '../../domain/model/failure.ts';
import type { TenantId } from '../../domain/model/ids.ts';
import type { Audit, Claims, Inbox, Inventories, Outbox, Posts, World } from '../../domain/ports.ts';
import * as adapters from './adapters.ts';
import { advisories } from './advisories.ts';
import { cves } from './cves.ts';
import { devices as devicesOf } from './devices.ts';
import { feedStates } from './feed-states.ts';
import { findings } from './findings.ts';
import { inboxOf } from './inbox.ts';
import { inventories } from './inventories.ts';
import { kinds } from './kinds.ts';
import { lifecycles } from './lifecycles.ts';
import { migrate } from './migrations.ts';
import { plainModels } from './plain.ts';
import { proposals as proposalsOf } from './proposals.ts';
import { modelOf, recordsOf } from './record.ts';

type RecordPorts = Pick<
  World,
  | 'devices'
  | 'patches'
  | 'applicabilities'
  | 'proposals'
  | 'rollouts'
  | 'deployments'
  | 'workOrders'
  | 'workarounds'
  | 'halts'
  | 'digests'
  | 'notices'
>;
/** What vendors say is the same for every tenant; findings are of one. */
type FactPorts = Pick<World, 'advisories' | 'cves' | 'feeds' | 'lifecycles' | 'findings'>;
/** Everything stored, of one tenant. */
export type TenantStore = RecordPorts &
  FactPorts & {
    readonly inventories: Inventories;
    readonly claims: Claims;
    readonly audit: Audit;
    readonly outbox: Outbox;
    readonly posts: Posts;
    readonly inbox: Inbox;
  };
export type Database = {
  readonly connection: Connection;
  tenant(id: TenantId): TenantStore;
  /** Milliseconds that the database's clock is ahead of ours; null when it does not tell. */
  clockSkewMs(): Promise<number | null>;
  close(): Promise<void>;
};

/**
 * Connects, with a few tries, and brings collections and indexes up to date. Failures: `database.unreachable`; `database.newer`
 * when the data was written by a later version of patchherd.
 */
export async function connect(uri: string): Promise<Database> {
  const connection = await open(uri);
  try {
    await migrate(connection);
  } catch (error) {
    await connection.close().catch(() => undefined); // left open, it would keep the process from ending
    throw error;
  }
  return {
    connection,
    tenant: (id) => tenantStore(connection, id),
    clockSkewMs: () => clockSkew(connection),
    close: () => connection.close(),
  };
}

async function open(uri: string, tries = 5): Promise<Connection> {
  for (let attempt = 1; ; attempt += 1) {
    const connection = mongoose.createConnection(uri, {
      serverSelectionTimeoutMS: 2000,
      autoIndex: false,
      autoCreate: false,
    });
    try {
      return await connection.asPromise();
    } catch (cause) {
      await connection.close().catch(() => undefined);
      const text = 'The database does not answer: is it running, and is database.uri in the settings right?';
      if (attempt === tries) throw new Failure('database.unreachable', text, { cause });
    }
  }
}

async function clockSkew(connection: Connection): Promise<number | null> {
  const before = Date.now();
  const hello = await connection.db?.admin().command({ hello: 1 });
  const after = Date.now();
  return hello?.['localTime'] instanceof Date ? hello['localTime'].getTime() - (before + after) / 2 : null;
}

function tenantStore(connection: Connection, tenant: TenantId): TenantStore {
  const plain = plainModels(connection);
  const models = {
    devices: modelOf(connection, kinds.devices),
    patches: modelOf(connection, kinds.patches),
    applicabilities: modelOf(connection, kinds.applicabilities),
    proposals: modelOf(connection, kinds.proposals),
    rollouts: modelOf(connection, kinds.rollouts),
    deployments: modelOf(connection, kinds.deployments),
    workOrders: modelOf(connection, kinds.workOrders),
    workarounds: modelOf(connection, kinds.workarounds),
    halts: modelOf(connection, kinds.halts),
    digests: modelOf(connection, kinds.digests),
    notices: modelOf(connection, kinds.notices),
  };
  const { proposals, rollouts, deployments, workOrders, halts, digests, notices } = models;
  const inChat = {
    proposal: proposals,
    rollout: rollouts,
    deployment: deployments,
    workOrder: workOrders,
    halt: halts,
    digest: digests,
    notice: notices,
  };
  return {
    devices: devicesOf(models.devices, tenant),
    patches: recordsOf(models.patches, kinds.patches, tenant),
    applicabilities: recordsOf(models.applicabilities, kinds.applicabilities, tenant),
    proposals: proposalsOf(proposals, tenant),
    rollouts: recordsOf(rollouts, kinds.rollouts, tenant),
    deployments: recordsOf(deployments, kinds.deployments, tenant),
    workOrders: recordsOf(workOrders, kinds.workOrders, tenant),
    workarounds: recordsOf(models.workarounds, kinds.workarounds, tenant),
    halts: recordsOf(halts, kinds.halts, tenant),
    digests: recordsOf(digests, kinds.digests, tenant),
    notices: recordsOf(notices, kinds.notices, tenant),
    advisories: advisories(connection),
    cves: cves(connection),
    feeds: feedStates(connection),
    lifecycles: lifecycles(connection),
    findings: findings(connection, tenant),
    inventories: inventories(plain, tenant),
    claims: adapters.claims(plain, tenant),
    audit: adapters.audit(Object.values(models), plain, tenant),
    outbox: adapters.outbox(inChat, tenant),
    posts: adapters.posts(plain, tenant),
    inbox: inboxOf(plain, tenant),
  };
}
