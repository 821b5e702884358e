/** Every kind of record, with its fields and the indexes that its queries use. A new field of a record is a new line here. */
import type { Deployment } from '../../domain/model/deployment.ts';
import type { Device } from '../../domain/model/device.ts';
import type { Digest } from '../../domain/model/digest.ts';
import type { Halt } from '../../domain/model/halt.ts';
import type { Notice } from '../../domain/model/notice.ts';
import type { Applicability, Patch } from '../../domain/model/patch.ts';
import type { Proposal } from '../../domain/model/proposal.ts';
import type { Rollout } from '../../domain/model/rollout.ts';
import type { WorkOrder } from '../../domain/model/work-order.ts';
import type { Workaround } from '../../domain/model/workaround.ts';
import { anything, flag, instant, type Kind, number, text } from './record.ts';

export const devices: Kind<Device> = {
  name: 'devices',
  inChat: false,
  indexes: [{ name: 1 }],
  fields: {
    name: text,
    transport: text,
    address: text,
    port: number,
    user: text,
    credential: text,
    become: text,
    hostKeys: [text],
    groups: [text],
    criticality: text,
    exposure: text,
    ownership: text,
    owner: text,
    zone: text,
    cluster: [text],
    retired: flag,
    facts: anything,
    refreshedAt: instant,
    lastScan: anything,
  },
};

export const patches: Kind<Patch> = {
  name: 'patches',
  inChat: false,
  indexes: [{ advisories: 1 }, { platform: 1, source: 1 }, { source: 1 }],
  fields: {
    backend: text,
    platform: text,
    source: text,
    version: text,
    classification: text,
    archive: text,
    origins: [text],
    firstSeen: instant,
    releasedAt: instant,
    thirdParty: text,
    advisories: [text],
    supersededBy: text,
    retracted: anything,
    verdict: anything,
    sideEffects: [anything],
    blocked: anything,
  },
};

export const applicabilities: Kind<Applicability> = {
  name: 'applicabilities',
  inChat: false,
  indexes: [{ device: 1 }, { patch: 1, state: 1 }, { planned: 1 }],
  fields: {
    device: text,
    patch: text,
    state: text,
    wants: [anything],
    planned: flag,
    transaction: [anything],
    undo: text,
    because: text,
    at: instant,
  },
};

export const proposals: Kind<Proposal> = {
  name: 'proposals',
  inChat: true,
  indexes: [
    { patch: 1, policy: 1 },
    { state: 1, expiresAt: 1 },
  ],
  fields: {
    state: text,
    patch: text,
    policy: text,
    plan: anything,
    digest: text,
    planRev: number,
    priority: anything,
    threat: anything,
    inDigest: text,
    formerDigest: text,
    announcedAt: instant,
    votes: [anything],
    requestedBy: text,
    createdAt: instant,
    expiresAt: instant,
    deferredUntil: instant,
    decided: anything,
    rollout: text,
    voided: text,
  },
};

export const rollouts: Kind<Rollout> = {
  name: 'rollouts',
  inChat: true,
  indexes: [{ state: 1 }, { patch: 1, state: 1 }],
  fields: {
    state: text,
    proposal: text,
    patch: text,
    policy: text,
    digest: text,
    schedule: text,
    total: number,
    inFlight: number,
    errorsAllowed: number,
    approvedBy: text,
    createdAt: instant,
    startedAt: instant,
    finishedAt: instant,
    because: text,
  },
};

export const deployments: Kind<Deployment> = {
  name: 'deployments',
  inChat: true,
  indexes: [{ rollout: 1, state: 1 }, { device: 1 }, { state: 1, nextAt: 1 }, { settled: 1 }],
  fields: {
    state: text,
    rollout: text,
    proposal: text,
    policy: text,
    device: text,
    name: text,
    patch: text,
    transaction: [anything],
    reboot: text,
    conffiles: text,
    rollbackOnFailure: flag,
    undo: text,
    blocker: anything,
    op: anything,
    prepared: text,
    attempt: number,
    fence: number,
    crashes: number,
    bootId: text,
    rebootedAt: instant,
    lostSince: instant,
    createdAt: instant,
    startedAt: instant,
    finishedAt: instant,
    notBefore: instant,
    owner: text,
    deferral: anything,
    nextAt: instant,
    settled: flag,
    undoBy: text,
    result: anything,
  },
};

export const workOrders: Kind<WorkOrder> = {
  name: 'workOrders',
  inChat: true,
  indexes: [{ rollout: 1, state: 1 }, { state: 1 }],
  fields: {
    state: text,
    title: text,
    text,
    log: text,
    rollout: text,
    proposal: text,
    patch: text,
    devices: [anything],
    assignee: anything,
    openedAt: instant,
    changedBy: text,
  },
};

/** Chat shows them on the cards of patches. */
export const workarounds: Kind<Workaround> = {
  name: 'workarounds',
  inChat: false,
  indexes: [{ state: 1, expiresAt: 1 }],
  fields: {
    subject: text,
    text,
    proof: text,
    owner: text,
    by: text,
    at: instant,
    expiresAt: instant,
    state: text,
    ended: anything,
  },
};

export const halts: Kind<Halt> = {
  name: 'halts',
  inChat: true,
  indexes: [{ active: 1 }],
  fields: { scope: anything, active: flag, by: text, at: instant, reason: text },
};

export const digests: Kind<Digest> = {
  name: 'digests',
  inChat: true,
  indexes: [{ policy: 1 }],
  fields: {
    policy: text,
    at: instant,
    day: text,
    proposals: [text],
    complete: flag,
  },
};

export const notices: Kind<Notice> = {
  name: 'notices',
  inChat: true,
  indexes: [{ about: 1 }],
  fields: { about: text, title: text, tone: text, status: text, text: anything, items: anything, at: instant },
};

/** All of them, for migrations, the audit and the outbox. */
export const kinds = {
  devices,
  patches,
  applicabilities,
  proposals,
  rollouts,
  deployments,
  workOrders,
  workarounds,
  halts,
  digests,
  notices,
} as const;
