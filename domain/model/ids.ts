/** Branded identifiers: a DeviceId cannot be passed where a PatchId is wanted. */
declare const brand: unique symbol;
export type Brand<T, B extends string> = T & { readonly [brand]: B };

export type TenantId = Brand<string, 'TenantId'>;
export type PersonId = Brand<string, 'PersonId'>;
export type DeviceId = Brand<string, 'DeviceId'>;
export type PatchId = Brand<string, 'PatchId'>;
export type PolicyId = Brand<string, 'PolicyId'>;
export type ProposalId = Brand<string, 'ProposalId'>;
export type RolloutId = Brand<string, 'RolloutId'>;
export type DeploymentId = Brand<string, 'DeploymentId'>;
export type DigestId = Brand<string, 'DigestId'>;
export type WorkaroundId = Brand<string, 'WorkaroundId'>;
export type WorkOrderId = Brand<string, 'WorkOrderId'>;
/** sha256 of a plan's canonical form, hexadecimal. */
export type PlanDigest = Brand<string, 'PlanDigest'>;
/** One start of one step on one device: the same id never runs twice. Letters, digits, dot, underscore, dash. */
export type OpId = Brand<string, 'OpId'>;
