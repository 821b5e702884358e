/** Priority from what is known: placeholder of the origin-only rule until the table and the score are here. */
import type { Criticality } from '../model/device.ts';
import type { Classification } from '../model/patch.ts';
import type { Band, Priority } from '../model/priority.ts';

type Prioritise = (patch: { classification: Classification }, worst: Criticality, assumed: boolean) => Priority;

const severity: Record<Classification, readonly [number, string]> = {
  security: [14, 'security update, severity not rated: 14'],
  bugfix: [5, 'not from a security archive: 5'],
  feature: [5, 'feature update: 5'],
  unknown: [5, 'archive unknown: 5'],
};
const factor: Record<Criticality, number> = { mission: 1.25, high: 1.1, normal: 1, low: 0.75 };
const bandOf = (score: number): Band => {
  if (score >= 80) return 'emergency';
  if (score >= 60) return 'high';
  return score >= 35 ? 'normal' : 'low';
};

/** Priority from what the package manager alone can say: the archive that offers it, and the most critical device. */
export const priorityByOrigin: Prioritise = ({ classification }, worst, assumed) => {
  const [points, reason] = severity[classification];
  const score = Math.min(100, Math.round(points * factor[worst]));
  const floored = classification === 'security' && bandOf(score) === 'low';
  const why = [
    reason,
    `x ${factor[worst]} for criticality ${worst}${assumed ? ' (assumed)' : ''}`,
    'no advisory data yet: threat counts 0',
    ...(floored ? ['floor: a security update is never below normal'] : []),
  ];
  const band = floored ? 'normal' : bandOf(score);
  return { band, score, why, due: 'next-window', dueAt: null, assumed: [], deciding: null };
};
