import { describe, expect, it } from 'vitest';
import { type Situation, waitOf } from '../../../domain/flows/wait.ts';
import { type Applicability, applicabilityId } from '../../../domain/model/patch.ts';
import { deployment, device, facts, noon, patch, policy, proposal, upgrade } from '../make.ts';

const web = device('web-1', { facts: facts() });
const misses = (change: Partial<Applicability> = {}): Applicability => ({
  id: applicabilityId(web.id, patch().id),
  ...{ tenant: web.tenant, rev: 1, device: web.id, patch: patch().id, state: 'missing', wants: [], planned: true },
  ...{ transaction: upgrade, undo: 'downgrade', because: null, at: noon, ...change },
});
const situation = (change: Partial<Situation> = {}): Situation => ({
  ...{ now: noon, maxAgeMs: 3_600_000, device: web, patch: patch(), applicability: misses(), policy: policy() },
  ...{ proposal: proposal(), planned: true, needsVerdict: false, deployment: null, ...change },
});
const later = new Date('2026-11-24T12:00:00Z');
const said = (change: Partial<Situation>) => {
  const wait = waitOf(situation(change));
  return wait && `${wait.kind}: ${wait.text}`;
};
const by = { by: 'Ann', at: noon };

describe('what a patch waits for on a device', () => {
  it.each<[string, Partial<Situation>, string]>([
    ['nobody has approved it', {}, 'approval: p-1 needs 1 approval.'],
    [
      'it is not in a digest yet',
      { proposal: proposal({ state: 'open' }) },
      'its digest: p-1 is announced with the next one.',
    ],
    ['nobody has triaged it', { needsVerdict: true }, 'a verdict: p-1 has to be triaged first.'],
    ['it is put away', { proposal: proposal({ state: 'deferred' }) }, 'the end of a deferral: p-1 was put away.'],
    [
      'it was approved just now',
      { proposal: proposal({ state: 'approved' }) },
      'its rollout: p-1 is approved: its rollout is being made.',
    ],
    [
      'it was denied',
      { proposal: proposal({ state: 'denied', decided: { ...by, reason: 'breaks the printer' } }) },
      'nothing: Denied by Ann: breaks the printer.',
    ],
    ['there is no proposal', { proposal: null }, 'a proposal: The next look at the fleet makes one.'],
    ['the plan lacks the device', { planned: false }, 'a new plan: The plan of p-1 was made without this device.'],
    [
      'it was not simulated',
      { applicability: misses({ transaction: [] }) },
      'its plan: The package manager was not asked yet what the install would do: the next visit asks it.',
    ],
    ['no policy selects the device', { policy: null }, 'a policy: No policy selects this device.'],
    [
      'the device is personal',
      { device: { ...web, ownership: 'personal' } },
      'its owner: A personal device: its owner is told, nothing is pushed.',
    ],
    [
      'the last scan is too old',
      {
        now: later,
        device: { ...web, lastScan: { at: later, problem: { code: 'x', text: 'web-1 does not answer.' } } },
      },
      'a scan: What is known of this device is too old to act on. web-1 does not answer.',
    ],
    ['the package is held', { applicability: misses({ state: 'held' }) }, 'held: The package is held on the device.'],
    [
      'it failed there',
      { applicability: misses({ state: 'failed', because: 'code 100' }) },
      'failed: It failed here: nothing is tried again until a person lifts that (unblock). code 100',
    ],
    [
      'the patch was taken back',
      { patch: { ...patch(), retracted: { ...by, reason: 'it eats files' } } },
      'nothing: Taken back by Ann: it eats files',
    ],
    [
      'the patch is declined',
      { patch: { ...patch(), verdict: { ...by, verdict: 'undesirable', rationale: 'not for us' } } },
      'nothing: Declined by Ann: not for us',
    ],
    [
      'its deployment has a blocker',
      {
        deployment: deployment('web-1', {
          blocker: { kind: 'window', text: 'Waits for the next window.', until: later },
        }),
      },
      'window: Waits for the next window.',
    ],
    [
      'its deployment may start',
      { deployment: deployment('web-1') },
      'its turn: Nothing speaks against it: a worker starts it next.',
    ],
    [
      'a worker is at it',
      { deployment: deployment('web-1', { state: 'installing' }) },
      'its deployment: A worker is at it: installing.',
    ],
    [
      'it is stuck',
      { deployment: deployment('web-1', { state: 'stuck', result: { text: 'It does not answer.', log: '' } }) },
      'a person: It does not answer.',
    ],
  ])('when %s', (_, change, wanted) => {
    expect(said(change)).toBe(wanted);
  });

  it('is nothing when the device has it, or was never offered it', () => {
    expect(said({ applicability: misses({ state: 'installed' }) })).toBeNull();
    expect(said({ applicability: null })).toBeNull();
    const done = deployment('web-1', { state: 'succeeded' });
    expect(said({ applicability: misses({ state: 'installed' }), deployment: done })).toBeNull();
  });

  it('names what is nearer to the device first: a hold counts before a missing approval', () => {
    expect(said({ applicability: misses({ state: 'held' }), policy: null, proposal: null })).toContain('held');
  });

  it('says until when, where that is known', () => {
    const proposed = proposal({ state: 'deferred', deferredUntil: later });
    expect(waitOf(situation({ proposal: proposed }))?.until).toEqual(later);
  });
});
