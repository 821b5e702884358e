import { describe, expect, it } from 'vitest';
import { proxyWords } from '../../config/proxy.ts';
import { readSettings } from '../../config/settings.ts';
import { minimal, said } from './samples.ts';

const read = (proxy: unknown) => readSettings({ ...minimal, proxy }, 'test').proxy;

describe('settings of a proxy', () => {
  it.each(['http://proxy.example.org:3128', 'https://10.0.0.5', 'http://kim:p%40ss@proxy:8080/'])(
    'take the address %s',
    (https) => {
      expect(read({ https })).toEqual({ https });
    },
  );
  it('take an address without http://, and reading what was read changes nothing', () => {
    const once = read({ http: 'proxy.example.org:3128' });
    expect(once).toEqual({ http: 'http://proxy.example.org:3128' });
    expect(read(once)).toEqual(once);
  });
  it.each([
    '',
    'ftp://CANARY@proxy:21',
    'socks5://CANARY:1080',
    'http://u:CANARY@proxy/path',
    'http://u:100%CANARY@proxy',
    'http://u:CAN/ARY@proxy:3128',
    5,
  ])('refuse the address %j, and do not repeat it', (https) => {
    const [sentence, ...others] = said({ ...minimal, proxy: { https } });
    expect(sentence).toBe('proxy.https must be the address of the proxy, such as http://proxy.example.org:3128');
    expect(others).toEqual([]);
  });
  it.each([
    [{}, null],
    [{ https: 'http://kim:CANARY@a:1' }, 'http://a:1'],
    [{ http: 'http://kim:CANARY@b:2' }, 'http://b:2'],
    [{ https: 'http://a:1', http: 'http://b:2' }, 'http://a:1, http://b:2 for addresses that begin with http://'],
    [{ https: 'http://a:1', http: 'http://a:1', except: '.corp' }, 'http://a:1; directly: .corp'],
  ])('%j are told without the password', (proxy, words) => {
    expect(proxyWords(read(proxy))).toBe(words);
  });
});
