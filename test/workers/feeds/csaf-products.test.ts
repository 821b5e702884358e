/** What CSAF documents say of products: packages, modules, platforms and their status. */
import { describe, expect, it } from 'vitest';
import type { Affected } from '../../../domain/model/advisory.ts';
import { redhatCsaf, redhatReleases, redhatVex } from '../../../workers/feeds/redhat.ts';
import { suseReleases } from '../../../workers/feeds/suse.ts';
import { fleet, given } from './advisories.ts';
import { csaf, type Parts } from './csaf-documents.ts';
import { fileWith } from './served.ts';

const json = (value: unknown) => fileWith(typeof value === 'string' ? value : JSON.stringify(value));
const brief = ({ release, names, package: name, fixed, status, module }: Affected) =>
  [release, names, name, fixed, status, module].join(' ');
const entries = async (parts: Parts, feed = redhatCsaf) => {
  const { advisories, dropped } = await given(feed.read(json(csaf(parts)), fleet()));
  expect(dropped).toEqual([]);
  return (advisories[0]?.affected ?? []).map(brief);
};
const rhel9 = { id: 'RHEL-9', cpe: 'cpe:/o:redhat:enterprise_linux:9' };
const says = (status: Record<string, readonly string[]>) => ({ 'CVE-2026-1000': status });

describe('the products of a CSAF document', () => {
  const fixed = (...products: { id: string; name?: string; purl?: string }[]): Parts => ({
    products: [rhel9, ...products],
    parts: products.map(({ id }) => [id, 'RHEL-9'] as const),
    status: says({ fixed: products.map(({ id }) => `RHEL-9:${id}`) }),
  });
  it('are binary packages once, without sources and debug symbols', async () => {
    const files = [
      'curl-0:1-1.el9.x86_64',
      'curl-0:1-1.el9.aarch64',
      'curl-0:1-1.el9.src',
      'curl-debuginfo-0:1-1.el9.x86_64',
    ];
    expect(await entries(fixed(...files.map((id) => ({ id }))))).toEqual(['rhel:9 binary curl 0:1-1.el9 affected ']);
  });
  it.each([
    ['openssl-1:3.0.7-27.el9.x86_64', undefined, '1:3.0.7-27.el9'],
    ['p', 'pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=x86_64&epoch=1', '1:3.0.7-27.el9'],
    ['p', 'pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=x86_64', '0:3.0.7-27.el9'],
    ['p', 'pkg:rpm/redhat/openssl@3.0.7-1.module%2Bel9%2B3?arch=x86_64', '0:3.0.7-1.module+el9+3'],
    ['openssl-3.0.7-27.1.x86_64', undefined, '3.0.7-27.1'],
  ])('%s %s have the version %s', async (id, purl, version) => {
    expect(await entries(fixed({ id, ...(purl ? { purl } : {}) }))).toEqual([
      `rhel:9 binary openssl ${version} affected `,
    ]);
  });
  it('are no packages when they are containers, modules, Java archives, or have hostile names', async () => {
    const others = [
      { id: 'oci', purl: 'pkg:oci/curl@sha256:00?tag=1-1' },
      { id: 'maven', purl: 'pkg:maven/org.example/curl@1-1' },
      { id: 'module', purl: 'pkg:rpmmod/redhat/nodejs@18:8090:c0' },
      { id: 'broken', purl: 'pkg:rpm/redhat/%zz@1-1?arch=x86_64' },
      { id: 'curl;reboot-0:1-1.el9.x86_64' },
      { id: '$(reboot)-0:1-1.el9.x86_64' },
    ];
    expect(await entries(fixed(...others))).toEqual([]);
  });

  it('have the module that they are part of, in each of the ways in which it is written', async () => {
    const module = {
      id: 'nodejs:18:8090020230915:63b34585',
      purl: 'pkg:rpmmod/redhat/nodejs@18:8090020230915:63b34585',
    };
    const npm = 'npm-1:9.8-1.module+el8.x86_64';
    const nested: Parts = {
      products: [rhel9, module, { id: npm, purl: 'pkg:rpm/redhat/npm@9.8-1.module%2Bel8?arch=x86_64&epoch=1' }],
      parts: [
        [module.id, 'RHEL-9'],
        [npm, `RHEL-9:${module.id}`],
      ],
      status: says({ fixed: [`RHEL-9:${module.id}:${npm}`] }),
    };
    expect(await entries(nested)).toEqual(['rhel:9 binary npm 1:9.8-1.module+el8 affected nodejs:18']);
    const purl = 'pkg:rpm/redhat/npm@9.8-1.module%2Bel8?arch=x86_64&rpmmod=nodejs:18:8090020230915:63b34585';
    const inPurl = fixed({ id: `${npm}::nodejs:18`, name: npm, purl });
    expect(await entries(inPurl)).toEqual(['rhel:9 binary npm 1:9.8-1.module+el8 affected nodejs:18']);
    const open = [
      { id: 'a', name: 'nodejs:18/npm', purl: 'pkg:rpmmod/redhat/nodejs:18/npm' },
      { id: 'b', name: 'squid', purl: 'pkg:rpm/redhat/squid@4?arch=src&rpmmod=squid:4' },
      { id: 'php:8.2/php' },
    ];
    const unfixed: Parts = {
      products: [rhel9, ...open],
      parts: open.map(({ id }) => [id, 'RHEL-9'] as const),
      status: says({ known_affected: open.map(({ id }) => `RHEL-9:${id}`) }),
    };
    expect(await entries(unfixed)).toEqual([
      'rhel:9 source npm  affected nodejs:18',
      'rhel:9 source squid  affected squid:4',
      'rhel:9 source php  affected php:8.2',
    ]);
  });

  it('that lead in a circle, or to nothing, are passed over', async () => {
    const circle: Parts = {
      products: [{ id: 'curl-0:1-1.el9.x86_64' }],
      parts: [
        ['curl-0:1-1.el9.x86_64', 'curl-0:1-1.el9.x86_64:x'],
        ['x', 'x:x'],
      ],
      status: says({ fixed: ['curl-0:1-1.el9.x86_64:x:curl-0:1-1.el9.x86_64', 'x:x:x', 'nowhere', '__proto__'] }),
    };
    expect(await entries(circle)).toEqual([]);
  });
});

describe('the status of a product', () => {
  const curl = { id: 'curl', purl: 'pkg:rpm/redhat/curl?arch=src' };
  const build = { id: 'curl-0:1-1.el9.x86_64', purl: 'pkg:rpm/redhat/curl@1-1.el9?arch=x86_64' };
  const base: Parts = {
    products: [rhel9, curl, build],
    parts: [
      [curl.id, 'RHEL-9'],
      [build.id, 'RHEL-9'],
    ],
  };
  it.each([
    ['known_affected', 'affected'],
    ['first_affected', 'affected'],
    ['last_affected', 'affected'],
    ['known_not_affected', 'not-affected'],
    ['under_investigation', 'unknown'],
  ])('%s is %s, without a fixed version', async (written, status) => {
    expect(await entries({ ...base, status: says({ [written]: ['RHEL-9:curl'] }) })).toEqual([
      `rhel:9 source curl  ${status} `,
    ]);
  });
  it.each(['fixed', 'recommended', 'first_fixed'])('%s gives the fixed version', async (written) => {
    const status = says({ [written]: [`RHEL-9:${build.id}`, 'RHEL-9:curl'] });
    expect(await entries({ ...base, status })).toEqual(['rhel:9 binary curl 0:1-1.el9 affected ']);
  });
  it('is the worst of those of all CVEs', async () => {
    const status = {
      'CVE-2026-1': { known_not_affected: [`RHEL-9:${build.id}`], known_affected: ['RHEL-9:curl'] },
      'CVE-2026-2': { fixed: [`RHEL-9:${build.id}`], under_investigation: ['RHEL-9:curl'] },
    };
    const expected = ['rhel:9 source curl  affected ', 'rhel:9 binary curl 0:1-1.el9 affected '];
    expect(await entries({ ...base, status })).toEqual(expected);
  });
  it('leaves fixes to the advisories in VEX, and does not call what they fix unharmed', async () => {
    const status = {
      'CVE-2026-1': { fixed: [`RHEL-9:${build.id}`], known_affected: ['RHEL-9:curl'] },
      'CVE-2026-2': { known_not_affected: [`RHEL-9:${build.id}`] },
    };
    expect(await entries({ ...base, id: 'CVE-2026-1', status }, redhatVex)).toEqual(['rhel:9 source curl  affected ']);
  });
});

describe('a platform of Red Hat', () => {
  it.each([
    ['cpe:/o:redhat:enterprise_linux:9', ['rhel:9']],
    ['cpe:/a:redhat:enterprise_linux:8::appstream', ['rhel:8']],
    ['cpe:/o:redhat:enterprise_linux:10.1', ['rhel:10']],
    ['cpe:/a:redhat:rhel_eus:8.8::crb', ['rhel-eus:8.8']],
    ['cpe:/o:redhat:rhel_aus:8.2::baseos', ['rhel-aus:8.2']],
    ['cpe:/a:redhat:enterprise_linux_eus:10.0::appstream', ['rhel-eus:10.0']],
    ['cpe:/a:redhat:openstack:17.1::el9', []],
    ['cpe:/a:redhat:jboss_core_services:1', []],
    ['cpe:/o:suse:sles:9', []],
  ])('%s is %j', (cpe, releases) => {
    expect(redhatReleases(cpe)).toEqual(releases);
  });
});

describe('a platform of SUSE', () => {
  it.each([
    ['cpe:/o:suse:sles:15:sp5', ['sles:15.5']],
    ['cpe:/o:suse:sles-ltss:15:sp3', ['sles:15.3']],
    ['cpe:/o:suse:sles-ltss:15', ['sles:15']],
    ['cpe:/o:suse:sles_sap:12:sp5', ['sles:12.5']],
    ['cpe:/o:suse:sles:16:16.0', ['sles:16.0']],
    ['cpe:/o:suse:sle-module-basesystem:15:sp5', ['sles:15.5', 'sled:15.5']],
    ['cpe:/o:opensuse:leap:15.6', ['opensuse-leap:15.6']],
    ['cpe:/o:suse:sle-micro:5.5', ['sle-micro:5.5']],
    ['cpe:/o:suse:suse-microos:5.2', ['sle-micro:5.2']],
    ['cpe:/o:suse:sl-micro:6.0', ['sl-micro:6.0']],
    ['cpe:/o:opensuse:tumbleweed', []],
    ['cpe:/o:suse:sles:11:sp1:teradata', []],
    ['cpe:/o:suse:sle-ha:15:sp5', []],
    ['cpe:/o:suse:constructor:15', []],
  ])('%s is %j', (cpe, releases) => {
    expect(suseReleases(cpe)).toEqual(releases);
  });
});
