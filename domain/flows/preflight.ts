/** What a device must be like before anything is installed on it. Not being so is a blocker, never a failure of the patch. */
import type { Backend } from '../backends/backend.ts';
import type { Blocker, Deployment } from '../model/deployment.ts';
import type { Device, DeviceFacts } from '../model/device.ts';
import { Failure } from '../model/failure.ts';
import type { WorkerWorld } from '../ports.ts';
import { type Step, step } from './outcome.ts';

/** A reason to wait, and when to look again. */
export type Obstacle = { readonly text: string; readonly seconds: number };

/** The first thing that speaks against starting, from facts that were read a moment ago. */
export function obstacle(facts: DeviceFacts, device: Device, backend: Backend): Obstacle | null {
  if (facts.helper !== backend.helper.version) {
    const found =
      facts.helper === null ? 'is not installed' : `has version ${facts.helper}, not ${backend.helper.version}`;
    return { text: `The root helper ${found}: run "patchherd device prepare ${device.name}".`, seconds: 300 };
  }
  if (facts.broken.length > 0) {
    const text = `Half-installed packages are in the way (${facts.broken.join(', ')}): mend them first.`;
    return { text, seconds: 300 };
  }
  if (!facts.health.ok) return { text: `It is unhealthy already: ${facts.health.failed.join(', ')}.`, seconds: 300 };
  return null;
}

/** Back to waiting with the one current blocker: offline when nobody answers, else prerequisite. */
export function waitFor(world: WorkerWorld, deployment: Deployment, reason: Obstacle | Failure): Step {
  const offline = reason instanceof Failure && reason.retryable;
  const seconds = reason instanceof Failure ? 120 : reason.seconds;
  const text = reason instanceof Failure ? reason.message : reason.text;
  const until = new Date(world.clock.now().getTime() + seconds * 1000);
  const blocker: Blocker = { kind: offline ? 'offline' : 'prerequisite', text, until };
  const tellOnce = deployment.blocker?.text === text ? undefined : { tone: 'warn' as const, text };
  return step(world, deployment, ['not-ready'], { blocker, nextAt: until }, tellOnce);
}
