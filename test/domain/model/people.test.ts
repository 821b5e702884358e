import { describe, expect, it } from 'vitest';
import { may } from '../../../domain/model/people.ts';
import { person } from '../make.ts';

describe('a person', () => {
  it('may do what a role of theirs allows, and nothing else', () => {
    expect(may(person('sam', ['approver']), 'approver')).toBe(true);
    expect(may(person('sam', ['approver']), 'oncall')).toBe(false);
    expect(may(person('riley', ['admin']), 'oncall')).toBe(true);
  });

  it('with any role may look; one without a role may only do what needs none', () => {
    expect(may(person('sam', ['approver']), 'viewer')).toBe(true);
    expect(may(person('olive', []), 'viewer')).toBe(false);
    expect(may(person('olive', []), null)).toBe(true);
  });
});
