/** What the card of a proposal is drawn from, for tests: complete, of which a test changes only what it is about. */
import type { ProposalView } from '../../../domain/cards/proposal-card.ts';
import { device, noon, patch, policy, proposal } from '../make.ts';

export const proposalView = (change: Partial<ProposalView> = {}): ProposalView => ({
  proposal: proposal(),
  patch: patch(),
  policy: policy(),
  devices: [device('web-1', { criticality: 'high' }), device('web-2', { criticality: null })],
  rollout: null,
  deployments: [],
  next: { start: noon, end: new Date('2026-11-23T14:00:00Z') },
  workarounds: [],
  needsVerdict: false,
  ...change,
});
