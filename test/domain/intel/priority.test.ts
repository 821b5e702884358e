import { describe, expect, it } from 'vitest';
import { priorityByOrigin } from '../../../domain/intel/priority.ts';

describe('the priority by origin', () => {
  it('prints every addend', () => {
    expect(priorityByOrigin({ classification: 'security' }, 'mission', false)).toEqual({
      band: 'normal',
      score: 18,
      why: [
        'security update, severity not rated: 14',
        'x 1.25 for criticality mission',
        'no advisory data yet: threat counts 0',
        'floor: a security update is never below normal',
      ],
    });
  });

  it('says when the criticality is assumed', () => {
    expect(priorityByOrigin({ classification: 'bugfix' }, 'normal', true).why).toContain(
      'x 1 for criticality normal (assumed)',
    );
  });
});
