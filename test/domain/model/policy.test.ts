import { describe, expect, it } from 'vitest';
import { limitsFor, policyFor } from '../../../domain/model/policy.ts';
import { device, policy } from '../make.ts';

describe('the limits of a rollout', () => {
  // Defaults: AWS SSM "Patch now" (facts on patching, section 4.5).
  it.each([
    [1, 1, 1],
    [24, 1, 1],
    [25, 1, 5],
    [100, 5, 5],
    [101, 8, 10],
    [1000, 80, 10],
    [5000, 500, 10],
  ])('for %i devices are %i at once and %i errors when the policy says nothing', (devices, inFlight, errors) => {
    expect(limitsFor(policy(), devices)).toEqual({ inFlight, errors });
  });

  it('stop 10 % of 50 at the 6th error: 5 are allowed', () => {
    expect(limitsFor(policy({ errorBudget: { percent: 10 } }), 50).errors).toBe(5);
  });

  it('stop after the first error when none is allowed', () => {
    expect(limitsFor(policy({ errorBudget: { count: 0 } }), 50).errors).toBe(0);
  });

  it('always let one device through', () => {
    expect(limitsFor(policy({ concurrency: { percent: 1 } }), 5).inFlight).toBe(1);
  });
});

describe('the policy of a device', () => {
  const [web, rest] = [policy({ id: 'web', groups: ['web'] }), policy({ id: 'rest' })];

  it('is the first one whose groups meet its own', () => {
    expect(policyFor(device('web-1', { groups: ['web', 'eu'] }), [web, rest])).toBe(web);
    expect(policyFor(device('db-1', { groups: ['db'] }), [web, rest])).toBe(rest);
  });

  it('is none when no policy selects it', () => {
    expect(policyFor(device('db-1', { groups: ['db'] }), [web])).toBeUndefined();
  });
});
