import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../domain/model/failure.ts';
import { jsonOf, linesOf, membersOf, textOf, unpacked } from '../../../workers/feeds/archive.ts';
import { zipOf } from './zip.ts';

const dir = mkdtempSync(path.join(tmpdir(), 'patchherd-archive-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const MiB = 1024 ** 2;
const data = path.resolve('../shared/data');
if (!existsSync(data)) console.log('skipped: recorded archives are not here (shared/data)');

let files = 0;
function file(content: Buffer | string, name = 'feed.bin'): string {
  files += 1;
  const place = path.join(dir, `${files}-${name}`);
  writeFileSync(place, content);
  return place;
}
const packedBy = (argv: readonly [string, ...string[]], input: Buffer | string): Buffer => {
  const { stdout, status, error } = spawnSync(argv[0], argv.slice(1), { input, maxBuffer: 64 * MiB });
  if (error || status !== 0) throw new Error(`${argv[0]} cannot run here`);
  return stdout;
};
const missing = ['xz', 'zstd', 'bzip2'].filter((program) => spawnSync(program, ['--version']).error);
if (missing.length > 0) console.log(`skipped: archives of ${missing.join(', ')}, which are not installed`);

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
/** The Failure that reading ends with. */
async function failureOf(reading: Promise<unknown> | AsyncIterable<unknown>): Promise<Failure> {
  try {
    await (reading instanceof Promise ? reading : all(reading));
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('it could be read');
}
async function tarOf(members: Readonly<Record<string, string>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(members)) tar.entry({ name }, content);
  tar.finalize();
  return Buffer.concat((await all(tar)) as Buffer[]);
}

const text = 'first\nsecond: naïve\n'.repeat(5000);

describe('a packed file', () => {
  it.each([
    ['as it is', (input: string) => Buffer.from(input)],
    ['gzip', (input: string) => gzipSync(input)],
    [
      'gzip of two parts',
      (input: string) => Buffer.concat([gzipSync(input.slice(0, 999)), gzipSync(input.slice(999))]),
    ],
    ['xz', (input: string) => packedBy(['xz', '-c'], input)],
    ['zstd', (input: string) => packedBy(['zstd', '-cq'], input)],
    ['bzip2', (input: string) => packedBy(['bzip2', '-c'], input)],
  ])('is read by its first bytes: %s', async (packing, make) => {
    if (missing.includes(packing)) return expect(missing).toContain(packing);
    const packed = file(make(text), 'wrong-name.txt');
    expect(await textOf(packed)).toBe(text);
    expect((await all(linesOf(packed))).length).toBe(10_000);
  });
  it.each([
    ['gzip', (input: string) => gzipSync(input)],
    ['xz', (input: string) => packedBy(['xz', '-c'], input)],
    ['zstd', (input: string) => packedBy(['zstd', '-cq'], input)],
    ['bzip2', (input: string) => packedBy(['bzip2', '-c'], input)],
  ])('that is cut short is unreadable, not short: %s', async (packing, make) => {
    if (missing.includes(packing)) return expect(missing).toContain(packing);
    const whole = make(Array.from({ length: 50_000 }, (_, n) => `${n * 7919} `).join(''));
    const { code, message } = await failureOf(textOf(file(whole.subarray(0, whole.length - 20), 'osv.json.gz')));
    expect(code).toBe('feed.unreadable');
    expect(message).toMatch(/^The file \d+-osv\.json\.gz is damaged or cut short \(.+\): fetch it again\.$/);
  });
  it('with a wrong checksum is unreadable', async () => {
    const wrong = gzipSync(text);
    wrong.writeUInt32LE(0x1badcafe, wrong.length - 8);
    expect((await failureOf(textOf(file(wrong)))).code).toBe('feed.unreadable');
  });
  it('that does not exist is unreadable', async () => {
    const { code, message } = await failureOf(textOf(path.join(dir, 'nothing.json')));
    expect({ code, message }).toEqual({
      code: 'feed.unreadable',
      message: 'The file nothing.json cannot be read: there is no such file.',
    });
  });
  it('that is a directory is unreadable', async () => {
    expect((await failureOf(textOf(dir))).message).toContain('cannot be read: it is a directory or a device.');
    expect((await failureOf(membersOf(dir, '.json'))).code).toBe('feed.unreadable');
  });
  it('of a program that is not installed says what to install', async () => {
    const before = process.env['PATH'];
    process.env['PATH'] = dir;
    try {
      const failure = await failureOf(textOf(file(Buffer.from('28b52ffd0400', 'hex'), 'a.zst')));
      expect(failure.code).toBe('feed.no-unpacker');
      expect(failure.message).toContain('the program zstd is missing here: install the package zstd.');
    } finally {
      process.env['PATH'] = before;
    }
  });
  it('leaves no program running when nobody reads on', async () => {
    if (missing.includes('xz')) return expect(missing).toContain('xz');
    for await (const chunk of unpacked(file(packedBy(['xz', '-c'], Buffer.alloc(8 * MiB))))) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    const names = children.map((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
    expect(names).not.toContain('xz');
  });
});

describe('a bomb', () => {
  const zeros = gzipSync(Buffer.alloc(40 * MiB));
  it('that unpacks to 1,000 times its size is stopped after 32 MiB', async () => {
    let out = 0;
    const reading = (async () => {
      for await (const chunk of unpacked(file(zeros, 'bomb.gz'))) out += chunk.length;
    })();
    const { code, message } = await failureOf(reading);
    expect(code).toBe('feed.bomb');
    expect(message).toMatch(/bomb\.gz unpacks to more than 300 times its size/);
    expect(out).toBeLessThanOrEqual(33 * MiB);
  });
  it('is stopped at the size that the feed allows', async () => {
    const { code, message } = await failureOf(textOf(file(gzipSync(text), 'kev.json.gz'), 1 * 1024));
    expect(code).toBe('feed.bomb');
    expect(message).toMatch(/kev\.json\.gz unpacks to more than the 1 KiB that are allowed/);
  });
  it('in a zip is stopped before it is unpacked', async () => {
    const members = [1, 2].map((n) => ({ name: `${n}.json`, content: Buffer.alloc(20 * MiB) }));
    expect((await failureOf(membersOf(file(zipOf(members)), '.json'))).code).toBe('feed.bomb');
  });
  it('that says to be small is not believed', async () => {
    const member = { name: 'a.json', content: Buffer.alloc(20 * MiB), lies: { size: 10 } };
    const { code, message } = await failureOf(membersOf(file(zipOf([member])), '.json'));
    expect(code).toBe('feed.unreadable');
    expect(message).toContain('Its member a.json is damaged');
  });
  it('in a packed tar is stopped', async () => {
    const tar = gzipSync(await tarOf({ 'a.json': '\0'.repeat(40 * MiB) }));
    expect((await failureOf(membersOf(file(tar), '.json'))).code).toBe('feed.bomb');
  });
});

describe('an archive', () => {
  const wanted = { 'all/a.json': '{"a":1}', 'all/b.txt': 'no', 'c.json': '\ufeff{"c":"ñ"}' };
  const asZip = () => zipOf(Object.entries(wanted).map(([name, content], n) => ({ name, content, stored: n === 0 })));
  it.each([
    ['zip', async () => asZip()],
    ['tar', async () => tarOf(wanted)],
    ['tar.gz', async () => gzipSync(await tarOf(wanted))],
  ])('gives the members with the ending, whatever it is called: %s', async (_, make) => {
    expect(await all(membersOf(file(await make(), 'upload'), '.json'))).toEqual([
      { name: 'all/a.json', text: '{"a":1}' },
      { name: 'c.json', text: '{"c":"ñ"}' },
    ]);
  });
  it('that is none is its own only member, without the ending of its packing', async () => {
    const [member] = await all(membersOf(file(gzipSync('{"a":1}'), 'USN-1.json.gz'), '.json'));
    expect(member).toEqual({ name: expect.stringMatching(/-USN-1\.json$/), text: '{"a":1}' });
    expect(await all(membersOf(file('short', 'x.txt'), '.json'))).toHaveLength(1);
  });
  it('without members gives none', async () => {
    expect(await all(membersOf(file(zipOf([])), '.json'))).toEqual([]);
  });
  it.each(['../../etc/cron.d/x.json', '/etc/passwd.json', 'a/../../b.json', 'C:\\x.json'])(
    'with a member %s is refused',
    async (name) => {
      const zip = await failureOf(membersOf(file(zipOf([{ name, content: '{}' }]), 'slip.zip'), '.json'));
      expect(zip.code).toBe('feed.unreadable');
      expect(zip.message).toMatch(/^The archive \d+-slip\.zip cannot be read: /);
    },
  );
  it.each(['../../etc/cron.d/x.json', '/etc/passwd.json', 'a/../../b.json', '..\\b.json'])(
    'of tar with a member %s is refused',
    async (name) => {
      const tar = await failureOf(membersOf(file(await tarOf({ [name]: '{}' })), '.json'));
      expect(tar.message).toContain('points outside of it');
    },
  );
  it.each([
    ['a wrong checksum', { crc: 1 }, 'wrong checksum'],
    ['an unknown packing', { method: 99 }, 'packed in an unknown way'],
    ['a password', { flags: 0x801 }, 'is encrypted'],
  ])('with %s says which member', async (_, lies, why) => {
    const { code, message } = await failureOf(
      membersOf(file(zipOf([{ name: 'a.json', content: '{}', lies }])), '.json'),
    );
    expect(code).toBe('feed.unreadable');
    expect(message).toContain('a.json');
    expect(message).toContain(why);
  });
  it.each([
    ['zip', async () => asZip().subarray(0, 150)],
    ['tar', async () => (await tarOf(wanted)).subarray(0, 600)],
  ])('that is cut short is unreadable: %s', async (_, make) => {
    expect((await failureOf(membersOf(file(await make()), '.json'))).code).toBe('feed.unreadable');
  });
  it('can be left in the middle', async () => {
    for await (const { name } of membersOf(file(gzipSync(await tarOf(wanted))), '.json')) {
      expect(name).toBe('all/a.json');
      break;
    }
  });
  it.skipIf(!existsSync(data))('of 1,783 recorded advisories is read whole', async () => {
    const recorded = path.join(data, 'rpm/almalinux9-osv.2026-08-21.tar.xz');
    const ids = (await all(membersOf(recorded, '.json'))).map(({ text }) => (jsonOf(text) as { id: string }).id);
    expect(new Set(ids).size).toBe(1783);
  });
});

describe('lines', () => {
  it('may end with a carriage return, and the last one with nothing', async () => {
    expect(await all(linesOf(file('a\r\n\nb\n\rc')))).toEqual(['a', '', 'b', '\rc']);
    expect(await all(linesOf(file('')))).toEqual([]);
  });
  it('are whole where a chunk ends in the middle of a letter', async () => {
    const long = `${'ñ'.repeat(400_000)}\n${'ü'.repeat(400_000)}`;
    expect((await all(linesOf(file(long)))).map((line) => [...line].length)).toEqual([400_000, 400_000]);
  });
  it('of many megabytes are no lines', async () => {
    const { code, message } = await failureOf(linesOf(file('x'.repeat(17 * MiB))));
    expect(code).toBe('feed.unreadable');
    expect(message).toContain('a line of more than 16 MiB');
  });
});
