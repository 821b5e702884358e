/** Records for tests: complete ones, of which a test changes only what it is about. */
import type { Deployment } from '../../domain/model/deployment.ts';
import type { Device, DeviceFacts } from '../../domain/model/device.ts';
import type { TenantId } from '../../domain/model/ids.ts';
import type { Patch } from '../../domain/model/patch.ts';
import type { Person } from '../../domain/model/people.ts';
import type { Plan } from '../../domain/model/plan.ts';
import type { Policy } from '../../domain/model/policy.ts';
import { noThreat, type Proposal } from '../../domain/model/proposal.ts';
import type { Rollout } from '../../domain/model/rollout.ts';
import type { WorkOrder } from '../../domain/model/work-order.ts';
import type { Workaround } from '../../domain/model/workaround.ts';

/** Tests write ids as plain text. */
type Plain<T> = T extends Date
  ? T
  : T extends string
    ? string
    : T extends object
      ? { [K in keyof T]?: Plain<T[K]> }
      : T;
const made = <T>(usual: unknown, change: Plain<T> | undefined): T => ({ ...(usual as T), ...(change as Partial<T>) });

export const noon = new Date('2026-11-23T12:00:00Z');
const tenant = 'acme' as TenantId;

export const person = (id: string, roles: Person['roles'] = ['approver']): Person =>
  made<Person>({ id, tenant, name: id[0]?.toUpperCase() + id.slice(1), roles, zone: 'UTC', accounts: [] }, {});

export const facts = (change?: Plain<DeviceFacts>): DeviceFacts =>
  made<DeviceFacts>(
    {
      scannedAt: noon,
      stamp: 's1',
      backend: 'apt',
      os: { id: 'debian', version: '12', codename: 'bookworm' },
      architecture: 'amd64',
      kernel: '6.1.0',
      bootId: 'b1',
      rebootRequired: false,
      rebootBecause: [],
      servicesToRestart: [],
      health: { ok: true, failed: [] },
      freeDiskMiB: 9000,
      clockSkewMs: 0,
      broken: [],
      modules: [],
      livepatched: [],
      helper: '1',
    },
    change,
  );

export const device = (name: string, change?: Plain<Device>): Device =>
  made<Device>(
    {
      id: `d-${name}`,
      tenant,
      rev: 1,
      name,
      transport: 'ssh',
      address: '127.0.0.1',
      port: 22,
      user: 'patchherd',
      credential: 'main',
      become: 'sudo',
      hostKeys: [],
      groups: [],
      criticality: 'normal',
      exposure: 'internal',
      ownership: 'company',
      owner: null,
      zone: 'UTC',
      cluster: [],
      retired: false,
      facts: null,
      refreshedAt: null,
      lastScan: null,
    },
    change,
  );

export const patch = (change?: Plain<Patch>): Patch =>
  made<Patch>(
    {
      id: 'debian:12/acme-agent=1.1',
      tenant,
      rev: 1,
      backend: 'apt',
      platform: 'debian:12',
      source: 'acme-agent',
      version: '1.1',
      classification: 'bugfix',
      archive: 'bugfix',
      origins: ['Acme:12/stable'],
      firstSeen: noon,
      releasedAt: null,
      thirdParty: null,
      advisories: [],
      supersededBy: null,
      retracted: null,
      verdict: null,
      sideEffects: [],
      blocked: null,
    },
    change,
  );

export const upgrade = [{ name: 'acme-agent', arch: 'amd64', from: '1.0', to: '1.1' }];

export const plan = (names: readonly string[], change?: Plain<Plan>): Plan =>
  made<Plan>(
    {
      patch: 'debian:12/acme-agent=1.1',
      policy: 'standard',
      entries: names.map((name) => ({ device: `d-${name}`, transaction: upgrade, undo: 'downgrade' })),
      schedule: 'next-window',
      reboot: 'if-required',
      conffiles: 'keep',
    },
    change,
  );

export const policy = (change?: Plain<Policy>): Policy =>
  made<Policy>(
    {
      id: 'standard',
      groups: [],
      windows: [{ cron: '0 2 * * *', zone: 'UTC', durationMinutes: 120, cutoffMinutes: 30 }],
      approvals: { approve: 1, deny: 1 },
      expiresHours: 72,
      reboot: 'if-required',
      conffiles: 'keep',
      deferrals: { max: 3, deadlineDays: 14 },
      noticeMinutes: 15,
      concurrency: null,
      errorBudget: null,
      rollbackOnFailure: true,
      digest: null,
    },
    change,
  );

export const proposal = (change?: Plain<Proposal>): Proposal =>
  made<Proposal>(
    {
      id: 'p-1',
      tenant,
      rev: 3,
      state: 'announced',
      patch: 'debian:12/acme-agent=1.1',
      policy: 'standard',
      plan: plan(['web-1', 'web-2']),
      digest: 'digest-1',
      planRev: 2,
      priority: {
        band: 'low',
        score: 5,
        why: ['not from a security archive: 5'],
        due: 'next-window',
        dueAt: null,
        assumed: [],
        deciding: null,
      },
      threat: noThreat,
      inDigest: null,
      formerDigest: null,
      announcedAt: noon,
      votes: [],
      requestedBy: null,
      createdAt: noon,
      expiresAt: new Date('2026-11-26T12:00:00Z'),
      deferredUntil: null,
      decided: null,
      rollout: null,
      voided: null,
    },
    change,
  );

export const rollout = (change?: Plain<Rollout>): Rollout =>
  made<Rollout>(
    {
      id: 'r-1-2',
      tenant,
      rev: 1,
      state: 'deploying',
      proposal: 'p-1',
      patch: 'debian:12/acme-agent=1.1',
      policy: 'standard',
      digest: 'digest-1',
      schedule: 'next-window',
      total: 2,
      inFlight: 1,
      errorsAllowed: 1,
      approvedBy: 'Ann',
      createdAt: noon,
      startedAt: noon,
      finishedAt: null,
      because: null,
    },
    change,
  );

export const deployment = (name: string, change?: Plain<Deployment>): Deployment =>
  made<Deployment>(
    {
      id: `r-1-2.d-${name}`,
      tenant,
      rev: 1,
      state: 'waiting',
      rollout: 'r-1-2',
      proposal: 'p-1',
      policy: 'standard',
      device: `d-${name}`,
      name,
      patch: 'debian:12/acme-agent=1.1',
      transaction: upgrade,
      reboot: 'if-required',
      conffiles: 'keep',
      rollbackOnFailure: true,
      undo: 'downgrade',
      blocker: null,
      op: null,
      prepared: null,
      attempt: 1,
      fence: 1,
      crashes: 0,
      bootId: null,
      rebootedAt: null,
      lostSince: null,
      createdAt: noon,
      startedAt: null,
      finishedAt: null,
      notBefore: null,
      owner: null,
      deferral: { used: 0, max: 3, until: null, deadline: new Date('2026-12-07T12:00:00Z') },
      nextAt: noon,
      settled: true,
      undoBy: null,
      result: null,
    },
    change,
  );

export const workOrder = (change?: Plain<WorkOrder>): WorkOrder =>
  made<WorkOrder>(
    {
      id: 'w-1',
      tenant,
      rev: 1,
      state: 'open',
      title: 'Install failed and was rolled back',
      text: 'The install ended with code 100: dpkg: error processing package acme-db (--configure).',
      log: 'Setting up acme-db (2.2) ...\ndpkg: error processing package acme-db (--configure):',
      rollout: 'r-1-2',
      proposal: 'p-1',
      patch: 'debian:12/acme-db=2.2',
      devices: [{ device: 'd-db-1', name: 'db-1', deployment: 'r-1-2.d-db-1' }],
      assignee: { id: 'ola', name: 'Ola' },
      openedAt: noon,
      changedBy: null,
    },
    change,
  );

export const workaround = (change?: Plain<Workaround>): Workaround =>
  made<Workaround>(
    {
      id: 'm-1',
      tenant,
      rev: 1,
      subject: 'CVE-2026-1001',
      text: 'Port 8080 is closed.',
      proof: null,
      owner: 'sam',
      by: 'Sam',
      at: noon,
      expiresAt: new Date('2026-12-20T23:59:00Z'),
      state: 'active',
      ended: null,
    },
    change,
  );
