/** Scores of CVSS vectors against recorded ones of all four versions. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { scoreOf } from '../../../workers/feeds/cvss.ts';

const recorded = path.resolve('../shared/data/cvss/vectors.txt.gz');
const missing = !existsSync(recorded);
if (missing) console.log(`skipped: ${path.basename(recorded)} is not beside this checkout`);

describe('the score of a CVSS vector', () => {
  it.skipIf(missing)('is the recorded one for every recorded vector of versions 2.0, 3.0, 3.1 and 4.0', () => {
    const lines = gunzipSync(readFileSync(recorded)).toString().trim().split('\n');
    const wrong = lines.filter((line) => {
      const [vector = '', scores = ''] = line.split(' - ');
      const [first] = scores.replace('(', '').split(','); // base, temporal, environmental; 4.0 has one
      return scoreOf(vector) !== Number(first);
    });
    expect(lines).toHaveLength(7627);
    expect(wrong).toEqual([]);
  });

  it.each([
    ['AV:N/AC:L/Au:N/C:P/I:P/A:P', 7.5],
    ['CVSS:2.0/AV:N/AC:L/Au:N/C:P/I:P/A:P', 7.5],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 9.8],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:U', 9.8],
    ['CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', 0],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 9.3],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U', 8.1],
  ])('of %s is %d', (vector, score) => {
    expect(scoreOf(vector)).toBe(score);
  });

  it.each([
    ['nothing', ''],
    ['prose', 'AV is network, and it is bad'],
    ['markup', 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/<b>'],
    ['a missing metric', 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H'],
    ['an unknown value', 'CVSS:3.1/AV:Q/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'],
    ['a metric twice', 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/A:N'],
    ['metrics of another version', 'CVSS:4.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'],
    ['a version that does not exist', 'CVSS:3.4/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'],
    ['a line break behind it', 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\n'],
    ['a megabyte', `CVSS:3.1/${'A:N/'.repeat(250_000)}`],
  ])('is none for %s', (_, vector) => {
    expect(scoreOf(vector)).toBeNull();
  });
});
