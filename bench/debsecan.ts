/** The same Debian inventories against the same vulnerabilities, by us and by debsecan: how long, and whether both say the same. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import { missingPrograms } from '../demo/repository.ts';
import { run } from '../test/fleet/sshd.ts';
import { seeded } from '../test/random.ts';
import { compile, compiled } from './compiled.ts';
import { median, type Report } from './report.ts';

const recorded = path.resolve('../shared/data/debian/dpkg-query.bookworm.tsv');
const cvesPerSource = 40;
const target = 0.1;

/** Why this cannot be measured here, or null. */
export async function debsecanRefusal(): Promise<string | null> {
  if (missingPrograms(['debsecan']).length > 0) return 'debsecan cannot be found: apt-get install debsecan';
  return existsSync(recorded) ? null : 'the recorded inventory of a Debian machine is not there';
}

/** One vulnerability of one source package. `fixed` null = there is no fix; `0` sorts below every version. */
type Row = { readonly source: string; readonly cve: string; readonly fixed: string | null };
type Line = { readonly text: string; readonly fields: readonly string[] };

/** Measures with `n` devices: debsecan runs once for each, as it does on each; ours reads everything once and matches all. */
export async function debsecan({ n, runs }: { n: number; runs: number }): Promise<Report> {
  await compile();
  const dir = await mkdtemp(path.join(os.tmpdir(), 'patchherd-debsecan-'));
  try {
    const random = seeded(7);
    const lines = await recordedLines();
    const rows = rowsFor(lines, random);
    await mkdir(path.join(dir, 'data'));
    await writeFile(path.join(dir, 'data/bookworm'), debsecanFile(rows));
    await writeFile(path.join(dir, 'tracker.json'), trackerFile(rows));
    const devices = await Promise.all(Array.from({ length: n }, (_, at) => makeDevice(dir, at, lines, random)));
    const [theirs, ours]: [number[], number[]] = [[], []];
    let differences = 0;
    for (let round = 1; round <= runs; round += 1) {
      const their = await timed(() => inTurn(devices, (device) => runDebsecan(dir, device)));
      const our = await timed(() => runOurs(dir, devices));
      theirs.push(their.seconds / n);
      ours.push(our.seconds / n);
      differences += devices.filter((_, at) => their.value[at]?.join() !== our.value[at]?.join()).length;
    }
    if (differences > 0) throw new Error(`the two disagree on ${differences} devices: their times mean nothing`);
    const row = (all: readonly number[]) => ({ 'ms a device': median(all) * 1000 });
    return {
      name: 'debsecan',
      ...{ N: n, runs, medians: { patchherd: row(ours), debsecan: row(theirs) } },
      ratios: [{ name: 'patchherd / debsecan, a device', is: median(ours) / median(theirs), target }],
      notes: [
        `${rows.length} vulnerabilities of ${new Set(rows.map(({ source }) => source)).size} sources; about 600 packages a device; both find the same CVEs on each.`,
        'Ours: one process from its start, reading the tracker and every listing. debsecan: one process for each device, as it is used.',
      ],
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function recordedLines(): Promise<readonly Line[]> {
  const text = await readFile(recorded, 'utf8');
  const lines = text.split('\n').map((one) => ({ text: one, fields: one.split('\t') }));
  return lines.filter(({ fields }) => fields[5]?.startsWith('ii'));
}

/** A third is fixed in what is installed, a third in a newer version, a third nowhere. */
function rowsFor(lines: readonly Line[], random: () => number): readonly Row[] {
  const versions = new Map(lines.map(({ fields }) => [fields[3] ?? '', fields[4] ?? '']));
  let number = 10_000;
  return [...versions].flatMap(([source, version]) =>
    Array.from({ length: cvesPerSource }, () => {
      number += 1;
      const fixed = [version, `${version}+patched1`, null][Math.floor(random() * 3)] ?? null;
      return { source, cve: `CVE-2026-${number}`, fixed };
    }),
  );
}

/** debsecan's own form (its fetch_data): names, then packages, then which binaries a source has; deflated. */
function debsecanFile(rows: readonly Row[]): Buffer {
  const names = rows.map(({ cve }) => `${cve},,made up`);
  const packages = rows.map(({ source, fixed }, at) => `${source},${at},S  ${fixed ? 'F' : ' '},${fixed ?? ''},`);
  return deflateSync(['VERSION 1', ...names, '', ...packages, '', '', ''].join('\n'));
}

function trackerFile(rows: readonly Row[]): string {
  const sources: Record<string, Record<string, unknown>> = {};
  for (const { source, cve, fixed } of rows) {
    const status = fixed ? { status: 'resolved', fixed_version: fixed } : { status: 'open' };
    sources[source] = { ...sources[source], [cve]: { releases: { bookworm: { ...status, urgency: 'low' } } } };
  }
  return JSON.stringify(sources);
}

type Device = { readonly listing: string; readonly status: string };

/** Two thirds of the recorded machine's packages, as dpkg-query lists them and as dpkg's status file. */
async function makeDevice(dir: string, at: number, lines: readonly Line[], random: () => number): Promise<Device> {
  const chosen = lines.filter(() => random() < 2 / 3);
  const device = { listing: path.join(dir, `${at}.tsv`), status: path.join(dir, `${at}.status`) };
  await writeFile(device.listing, `${chosen.map(({ text }) => text).join('\n')}\n`);
  await writeFile(device.status, chosen.map(({ fields }) => stanza(fields)).join('\n'));
  return device;
}

function stanza([name = '', version, architecture, source, sourceVersion]: readonly string[]): string {
  return [
    `Package: ${name.replace(/:.*$/, '')}`,
    'Status: install ok installed',
    `Architecture: ${architecture}`,
    `Source: ${source} (${sourceVersion})`,
    `Version: ${version}`,
    '',
  ].join('\n');
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly seconds: number; readonly value: T }> {
  const started = performance.now();
  const value = await work();
  return { seconds: (performance.now() - started) / 1000, value };
}

async function inTurn<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<readonly R[]> {
  const done: R[] = [];
  for (const one of all) done.push(await work(one));
  return done;
}

async function runDebsecan(dir: string, { status }: Device): Promise<readonly string[]> {
  const source = `file://${dir}/data`;
  const argv = ['debsecan', '--suite', 'bookworm', '--source', source, '--status', status, '--format', 'bugs'];
  const { code, stdout, stderr } = await run(argv);
  if (code !== 0) throw new Error(`debsecan ended with ${code}: ${stderr}`);
  return [...new Set(stdout.split('\n').filter((line) => line.startsWith('CVE-')))].sort();
}

async function runOurs(dir: string, devices: readonly Device[]): Promise<readonly (readonly string[])[]> {
  const files = devices.map(({ listing }) => listing);
  const argv = [process.execPath, compiled('bench/debsecan-process.js'), path.join(dir, 'tracker.json'), 'debian:12'];
  const { code, stdout, stderr } = await run([...argv, ...files]);
  if (code !== 0) throw new Error(`our process ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as readonly (readonly string[])[]; // debsecan-process.ts printed it
}
