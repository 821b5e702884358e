import { describe, expect, it } from 'vitest';
import { listingCommands, readListing } from '../../../domain/backends/listing.ts';
import { recordings, textOf } from '../intel/recorded.ts';

const full = [
  'adduser\t3.134\tall\tadduser\t3.134\tii ',
  'libc6:amd64\t2.36-9+deb12u10\tamd64\tglibc\t2.36-9+deb12u10\tii ',
  'libc6:i386\t2.36-9+deb12u10\ti386\tglibc\t2.36-9+deb12u10\tii ',
  'login\t1:4.13+dfsg1-1+b1\tamd64\tshadow\t1:4.13+dfsg1-1\thi ',
  'old-daemon\t1.0\tamd64\told\t1.0\trc ',
  'half\t2.0\tamd64\thalf\t2.0\tiF ',
].join('\n');

describe('a listing of dpkg', () => {
  it('has source packages, holds, half installed packages and foreign architectures', () => {
    const { packages, lacks } = readListing(full, 'deb');
    expect(packages.map(({ name, source, held, whole }) => [name, source, held, whole])).toEqual([
      ['adduser', 'adduser', false, true],
      ['libc6', 'glibc', false, true],
      ['libc6:i386', 'glibc', false, true],
      ['login', 'shadow', true, true],
      ['half', 'half', false, false],
    ]);
    expect(packages[3]?.sourceVersion).toBe('1:4.13+dfsg1-1');
    expect(lacks).toEqual([]);
  });

  it('may be the plain one, and says what that lacks', () => {
    const { packages, lacks } = readListing('bash\t5.2.15-2+b8\nlibc6:amd64\t2.36-9\nold\t\n', 'deb');
    expect(packages.map(({ name, version, source, sourceVersion }) => [name, version, source, sourceVersion])).toEqual([
      ['bash', '5.2.15-2+b8', 'bash', '5.2.15-2'],
      ['libc6', '2.36-9', 'libc6', '2.36-9'],
    ]);
    expect(lacks.join(' ')).toContain('does not name source packages');
  });

  it.skipIf(!recordings).each([
    ['debian/dpkg-query.bookworm.tsv', 877],
    ['ubuntu/dpkg-query.noble.tsv', 511],
  ])('recorded as %s has %s packages', (file, many) => {
    expect(readListing(textOf(file), 'deb').packages).toHaveLength(many);
  });
});

describe('a listing of rpm', () => {
  it('has epochs and source packages', () => {
    const text = [
      'openssl-libs\t1:3.0.7-16.el9\tx86_64\topenssl-3.0.7-16.el9.src.rpm',
      'kernel-core\t0:5.14.0-427.el9\tx86_64\tkernel-5.14.0-427.el9.src.rpm',
      'acme-agent\t(none):1.1-1\tnoarch\t(none)',
      'gpg-pubkey\t0:b86b3716-61e69f29\t(none)\t(none)',
    ].join('\r\n');
    const { packages, lacks } = readListing(text, 'rpm');
    expect(packages.map(({ name, version, source, sourceVersion }) => [name, version, source, sourceVersion])).toEqual([
      ['openssl-libs', '1:3.0.7-16.el9', 'openssl', '3.0.7-16.el9'],
      ['kernel-core', '0:5.14.0-427.el9', 'kernel', '5.14.0-427.el9'],
      ['acme-agent', '0:1.1-1', 'acme-agent', '0:1.1-1'],
    ]);
    expect(lacks).toEqual([]);
  });

  it('may be plain rpm -qa, which has no epochs', () => {
    const { packages, lacks } = readListing(
      'bash-5.1.8-9.el9.x86_64\ngpg-pubkey-b86b3716-61e69f29\ntzdata-2024a-1.el9.noarch\n',
      'rpm',
    );
    expect(packages.map(({ name, version, arch }) => [name, version, arch])).toEqual([
      ['bash', '5.1.8-9.el9', 'x86_64'],
      ['tzdata', '2024a-1.el9', 'noarch'],
    ]);
    expect(lacks.join(' ')).toContain('epochs');
  });
});

describe('a listing of apk', () => {
  it('has the package that each was built from', () => {
    const text = 'libcrypto3-3.3.1-r3 x86_64 {openssl} (Apache-2.0) [installed]\nnew-1.0-r0 x86_64 {new} (MIT)\n';
    expect(readListing(text, 'apk').packages.map(({ name, version, source }) => [name, version, source])).toEqual([
      ['libcrypto3', '3.3.1-r3', 'openssl'],
    ]);
  });

  it('may be apk info -v, which has not', () => {
    const { packages, lacks } = readListing('WARNING: opening /var/cache: No such file\npy3-six-1.16.0-r9\n', 'apk');
    expect(packages.map(({ name, version }) => [name, version])).toEqual([['py3-six', '1.16.0-r9']]);
    expect(lacks.join(' ')).toContain('source packages');
  });
});

describe('what is no listing', () => {
  it.each([
    ['nothing at all', '', 'deb', 'nothing is installed in it'],
    ['another tool’s output', 'Desired=Unknown/Install\nii  bash  5.2', 'deb', 'line 1 is "Desired=Unknown/Install"'],
    ['a web page', '<!DOCTYPE html>\n<html>', 'rpm', 'line 1 is "<!DOCTYPE html>"'],
    ['a line that was cut', 'bash\t5.2\tamd64\tbash\t5.2\tii \ncoreutils\t9.1', 'deb', 'line 2 is "coreutils\\t9.1"'],
    ['a name with a shell in it', 'bash;reboot\t5.2', 'deb', 'line 1 is "bash;reboot\\t5.2"'],
    ['a listing of dpkg for rpm', full, 'rpm', 'line 1 is'],
    ['packages of Debian for Alpine', 'bash\t5.2\n', 'apk', 'line 1 is'],
    ['only what was removed', 'old\t1.0\tamd64\told\t1.0\trc ', 'deb', 'nothing is installed in it'],
  ] as const)('%s is refused, and the sentence names the command to run', (_, text, kind, why) => {
    expect(() => readListing(text, kind)).toThrow(why);
    expect(() => readListing(text, kind)).toThrow(listingCommands[kind]);
  });
});
