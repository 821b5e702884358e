/** What "Details" shows to the person who pressed it: every device, every addend of the priority. */
import type { Priority } from '../model/priority.ts';
import type { Threat } from '../model/proposal.ts';
import type { Card, Text } from './card.ts';
import { catalogFacts, dueText, fixesOf, severityOf } from './priority-facts.ts';
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
  const { priority, threat, plan } = proposal;
  const released = patch.releasedAt ? [{ label: 'Released', value: [{ at: patch.releasedAt.getTime() }] }] : [];
  return {
    title: `${patch.source} ${patch.version}`,
    tone: 'plain',
    status: 'Details',
    summary: `Why ${priority.band}: ${priority.why.join('; ')}.`,
    facts: [
      { label: 'Patch', value: patch.id },
      { label: 'Offered by', value: patch.origins.join(', ') || 'unknown' },
      { label: 'First seen', value: [{ at: patch.firstSeen.getTime() }] },
      ...released,
      ...threatFacts(priority, threat),
      ...catalogFacts(patch),
      { label: 'Configuration files', value: `${plan.conffiles} what the device has changed` },
      { label: 'Plan digest', value: proposal.digest },
    ],
    list: { title: 'Devices', items: items.slice(0, most), more: Math.max(0, items.length - most) },
    buttons: [],
  };
}

/** Each advisory with its title, the CVE that decides, and every input that a rule assumed, with its rule. */
function threatFacts(priority: Priority, threat: Threat): Card['facts'] {
  const severity = severityOf(threat);
  const { assumed, deciding } = priority;
  return [
    { label: 'Due', value: dueText(priority) },
    ...(severity ? [{ label: 'Severity', value: severity }] : []),
    ...threat.advisories.filter(({ title }) => title !== '').map(({ id, title }) => ({ label: id, value: title })),
    ...(threat.advisoryCount > 0 ? [{ label: 'Fixes', value: fixesOf(threat) }] : []),
    ...(deciding ? [{ label: 'Decides', value: `${deciding} sets the due date` }] : []),
    ...(assumed.length > 0 ? [{ label: 'Assumed', value: assumed.join('; ') }] : []),
  ];
}
