/** A throw-away Debian device for tests: real apt and dpkg on a private root, asked through the apt backend alone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type AptRoot, makeAptRoot } from '../../../demo/apt-root.ts';
import { buildDemoRepositories, type DemoRepositories, firstPackages } from '../../../demo/packages.ts';
import { endProcesses } from '../../../demo/processes.ts';
import { aptPrograms, buildRepository, type DemoPackage, missingPrograms } from '../../../demo/repository.ts';
import { apt } from '../../../domain/backends/apt.ts';
import type { HelperAnswer, HelperOrder, ScanReport } from '../../../domain/backends/backend.ts';
import type { OpId } from '../../../domain/model/ids.ts';
import type { TransactionItem } from '../../../domain/model/patch.ts';

const missing = missingPrograms(aptPrograms);
/** True where apt and dpkg are not; the reason is printed once for each file. */
export const noApt = missing.length > 0;
if (noApt) console.warn(`skipped: these programs are not here: ${missing.join(' ')}`);

export const opId = (text: string): OpId => text as OpId;
export const item = (name: string, from: string | null, to: string | null, arch = 'all'): TransactionItem => ({
  name,
  arch,
  from,
  to,
});

type FullScan = Extract<ScanReport, { kind: 'full' }>;
export type Done = Extract<HelperAnswer, { kind: 'done' }>;

export type AptDevice = Omit<AptRoot, 'install'> & {
  readonly repositories: DemoRepositories;
  fullScan(): Promise<FullScan>;
  ask(order: HelperOrder): Promise<HelperAnswer>;
  /** Polls until the operation is over. Throws when it is not "done" then. */
  outcome(id: OpId): Promise<Done>;
  prepare(id: string, items: readonly TransactionItem[]): Promise<HelperAnswer>;
  /** Starts an install and waits for its end. */
  install(id: string, items: readonly TransactionItem[], conffiles?: 'keep' | 'replace'): Promise<Done>;
  undo(id: string, of: string): Promise<Done>;
  sh(script: string): Promise<string>;
  /** Builds one more repository beside the device and gives its line for useRepositories. */
  offer(name: string, packages: readonly DemoPackage[]): Promise<string>;
  remove(): Promise<void>;
};

/** A device with all of the first Acme packages and all updates on offer, in a folder of its own. */
export async function makeAptDevice(): Promise<AptDevice> {
  const folder = await mkdtemp(join(tmpdir(), 'patchherd-apt-'));
  const repositories = await buildDemoRepositories(join(folder, 'repositories'));
  const root = await makeAptRoot(join(folder, 'device'), { repositories: [repositories.first] });
  const names = firstPackages.map(({ name }) => name).filter((name) => name !== 'libacme-tls1');
  await root.install(names);
  await root.useRepositories(Object.values(repositories));

  const ask = async (order: HelperOrder): Promise<HelperAnswer> =>
    apt.readAnswer((await root.run(apt.order(order, 'none'))).stdout);
  const outcome = async (id: OpId): Promise<Done> => {
    for (;;) {
      const answer = await ask({ op: 'poll', id });
      if (answer.kind === 'done') return answer;
      if (answer.kind !== 'running') throw new Error(`${id}: ${JSON.stringify(answer)}`);
      await delay(30);
    }
  };
  const started = async (order: Extract<HelperOrder, { op: 'install' | 'undo' }>): Promise<Done> => {
    const answer = await ask(order);
    if (answer.kind !== 'started') throw new Error(`${order.id}: ${JSON.stringify(answer)}`);
    return outcome(order.id);
  };
  return {
    ...root,
    repositories,
    ask,
    outcome,
    async fullScan() {
      const report = apt.readScan((await root.run(apt.scan(null))).stdout);
      if (report.kind !== 'full') throw new Error('a scan without a stamp was not full');
      return report;
    },
    prepare: (id, items) => ask({ op: 'prepare', id: opId(id), fence: 1, items }),
    install: (id, items, conffiles = 'keep') => started({ op: 'install', id: opId(id), fence: 1, items, conffiles }),
    undo: (id, of) => started({ op: 'undo', id: opId(id), fence: 1, of: opId(of) }),
    sh: async (script) => (await root.run({ argv: ['sh', '-s'], stdin: script })).stdout,
    offer: (name, packages) => buildRepository(join(folder, name), packages, { label: 'Acme', suite: name }),
    async remove() {
      await endProcesses(root.dir, 0);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
