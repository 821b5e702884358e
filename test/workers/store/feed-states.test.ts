import { describe, expect, it } from 'vitest';
import { type FeedState, newFeed } from '../../../domain/model/feed.ts';
import type { TenantId } from '../../../domain/model/ids.ts';
import { newDatabase } from '../../database.ts';
import { noon } from '../../domain/make.ts';

const database = newDatabase();
const states = () => database().tenant('acme' as TenantId).feeds;

const state: FeedState = {
  ...newFeed('kev'),
  checkedAt: noon,
  problem: { code: 'feed.unreachable', text: 'CISA KEV did not answer.', at: noon },
  records: 1630,
  cursor: '2026-06-30',
  files: {
    'https://example.org/a.b/$c.json?d=1': { etag: '"1"', lastModified: null, sha256: 'ff', size: 12 },
    'file:///var/kev.json': { etag: null, lastModified: 'Mon', sha256: '00', size: 0 },
  },
  told: true,
};

describe('the store of feed states', () => {
  it('gives back what was put, files by their addresses included', async () => {
    await states().put(state);
    expect(await states().get('kev')).toEqual(state);
    expect(await states().get('nope')).toBeNull();
  });

  it('replaces the whole state: a problem that is over and a file that is gone do not stay', async () => {
    await states().put(state);
    await states().put({ ...state, problem: null, files: {} });
    expect(await states().get('kev')).toEqual({ ...state, problem: null, files: {} });
  });

  it('gives all of them, in order of id', async () => {
    for (const id of ['kev', 'epss', 'osv-debian']) await states().put(newFeed(id));
    expect((await states().all()).map(({ id }) => id)).toEqual(['epss', 'kev', 'osv-debian']);
  });

  it('survives being put several times at once', async () => {
    await Promise.all(Array.from({ length: 10 }, () => states().put(newFeed('racing'))));
    expect(await states().get('racing')).toEqual(newFeed('racing'));
  });
});
