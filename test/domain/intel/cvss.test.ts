/** What a CVSS vector says of the damage. */
import { describe, expect, it } from 'vitest';
import { impactOf, severityOfCvss } from '../../../domain/intel/cvss.ts';

describe('the impact in a CVSS vector', () => {
  it.each([
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 'total'],
    ['CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H', 'total'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:L', 'partial'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', 'partial'],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:L/MC:H/MI:H/MA:H', 'partial'],
    ['AV:N/AC:L/Au:N/C:C/I:C/A:C', 'total'],
    ['AV:N/AC:L/Au:N/C:P/I:P/A:P', 'partial'],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 'total'],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:N/SC:H/SI:H/SA:H', 'partial'],
  ])('%s is %s', (vector, impact) => {
    expect(impactOf(vector)).toBe(impact);
  });

  it.each([
    '',
    'total',
    'CVSS:3.1/AV:N/AC:L',
    'CVSS:3.1/C:H/I:H/A:Q',
    'CVSS:9.9/C:H/I:H/A:H',
    'CVSS:4.0/AV:N/C:H/I:H/A:H',
    'CVSS:3.1/C/I/A',
  ])('"%s" says nothing', (vector) => {
    expect(impactOf(vector)).toBeNull();
  });
});

describe('the severity by a CVSS score', () => {
  it.each([
    [10, 'critical'],
    [9, 'critical'],
    [8.9, 'important'],
    [7, 'important'],
    [6.9, 'moderate'],
    [4, 'moderate'],
    [3.9, 'low'],
    [0.1, 'low'],
    [0, 'unrated'],
  ])('%d is %s', (score, severity) => {
    expect(severityOfCvss(score)).toBe(severity);
  });
});
