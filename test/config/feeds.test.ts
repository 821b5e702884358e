import { describe, expect, it } from 'vitest';
import { readSettings } from '../../config/settings.ts';
import { feedIds } from '../../domain/model/feed.ts';
import { minimal, said } from './samples.ts';

const withSources = (sources: unknown) => said({ ...minimal, feeds: { sources } });

describe('settings of feeds', () => {
  it('are on, with nothing of their own, when nobody says anything', () => {
    expect(readSettings(minimal, 'test').feeds).toEqual({ enabled: true, sources: {} });
  });
  it.each(feedIds)('know the feed %s', (id) => {
    expect(withSources({ [id]: { enabled: false } })).toEqual([]);
  });
  it('tell which feed was meant', () => {
    expect(withSources({ kevv: {} })).toEqual(['feeds.sources has an unknown key: "kevv" (did you mean "kev"?)']);
  });
  it.each([
    'https://mirror.example.org/kev.json',
    'http://10.0.0.5:8080/kev.json',
    'file:///srv/feeds/kev.json',
    'https://secdb.example.org/v{release}/{repository}.json',
    'almalinux=https://mirror.example.org/{release}/os/ amzn:2023=https://mirror.example.org/al2023/',
  ])('take the place %s', (url) => {
    expect(withSources({ kev: { url } })).toEqual([]);
  });
  it.each([
    '',
    'mirror.example.org',
    'ftp://mirror.example.org/kev.json',
    'file://server/kev.json',
    '/srv/kev.json',
    5,
  ])('refuse the place %j', (url) => {
    expect(withSources({ kev: { url } })[0]).toMatch(/^feeds\.sources\.kev\.url is .*: must be where the feed is/);
  });
  it('refuse a place with a login in it, and do not repeat it', () => {
    const [sentence] = withSources({ kev: { url: 'https://u:CANARY@mirror.example.org/' } });
    expect(sentence).toContain('without a login');
    expect(sentence).not.toContain('CANARY');
  });
  it.each([
    [{ everyHours: 0 }, 'feeds.sources.kev.everyHours is 0: must be a whole number of hours from 1 to 720'],
    [{ enabled: 'yes' }, 'feeds.sources.kev.enabled is "yes": must be true or false'],
    [{ uri: 'x' }, 'feeds.sources.kev has an unknown key: "uri" (did you mean "url"?)'],
  ])('say what is wrong with %j', (source, sentence) => {
    expect(withSources({ kev: source })).toEqual([sentence]);
  });
});
