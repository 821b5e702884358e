/** What "Details" shows to the person who pressed it: every device, every addend of the priority. */
import type { Card, Text } from './card.ts';
import { deviceLine, type ProposalView } from './proposal-card.ts';
import { changes } from './words.ts';

/** Platforms cut long lists by their own limits; 200 lines are enough for any of them. */
const most = 200;

/** The details of a proposal, and of its rollout once there is one. */
export function detailsCard({ proposal, patch, devices, deployments }: ProposalView): Card {
  const planned = proposal.plan.entries.map(({ device, transaction, undo }): Text => {
    const name = devices.find(({ id }) => id === device)?.name ?? device;
    return `${name}: ${changes(transaction)} (${undo === 'none' ? 'no way back' : 'downgrade possible'})`;
  });
  const items = deployments.length > 0 ? deployments.map(deviceLine) : planned;
  return {
    title: `${patch.source} ${patch.version}`,
    tone: 'plain',
    status: 'Details',
    summary: `Why ${proposal.priority.band}: ${proposal.priority.why.join('; ')}.`,
    facts: [
      { label: 'Patch', value: patch.id },
      { label: 'Offered by', value: patch.origins.join(', ') || 'unknown' },
      { label: 'First seen', value: [{ at: patch.firstSeen.getTime() }] },
      { label: 'Configuration files', value: `${proposal.plan.conffiles} what the device has changed` },
      { label: 'Plan digest', value: proposal.digest },
    ],
    list: { title: 'Devices', items: items.slice(0, most), more: Math.max(0, items.length - most) },
    buttons: [],
  };
}
