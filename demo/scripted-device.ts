/**
 * A scripted device, for machines without apt: it answers the apt backend's visits from a small made-up package
 * state.
 */
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { apt } from '../domain/backends/apt.ts';
import type { HelperAnswer, HelperOrder } from '../domain/backends/backend.ts';
import type { TransactionItem } from '../domain/model/patch.ts';
import {
  installItems,
  newState,
  planFor,
  recallState,
  rememberState,
  type ScriptedState,
  type ScriptedWork,
} from './scripted-state.ts';
import { scanText, simulationText } from './scripted-text.ts';
import type { DeviceShell, Machine, SshDevice } from './ssh-device.ts';

export type ScriptedOptions = {
  /** Installed in the first version, and in the newest. Only looked at when the state's file does not exist yet. */
  readonly packages: readonly string[];
  readonly current: readonly string[];
  /** How long the device is away when it reboots, in milliseconds. */
  readonly rebootMs: number;
  /** How long an install or an undo takes, in milliseconds. @default 1500 */
  readonly workMs?: number;
};

/** Makes the device whose state is kept in `file`, or takes the one that is there. */
export async function scriptedMachine(file: string, options: ScriptedOptions): Promise<Machine> {
  const state = await recallState(file, newState(options.packages, options.current));
  const device = new ScriptedDevice(state, options, () => rememberState(file, state));
  await rememberState(file, state);
  return { shell: device.shell, attach: (server) => device.attach(server) };
}

const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/'((?:[^']|'\\'')*)'/g)].map(([, word = '']) => word.replaceAll("'\\''", "'"));

class ScriptedDevice {
  readonly #state: ScriptedState;
  readonly #options: ScriptedOptions;
  readonly #save: () => Promise<void>;
  readonly #going = new Set<Promise<void>>();
  #server: SshDevice | null = null;

  constructor(state: ScriptedState, options: ScriptedOptions, save: () => Promise<void>) {
    this.#state = state;
    this.#options = options;
    this.#save = save;
  }

  attach(server: SshDevice): () => Promise<void> {
    this.#server = server;
    return async () => {
      this.#server = null;
      await Promise.all(this.#going);
    };
  }

  /** Knows the apt backend's own scripts by their text, and the helper by its path. Anything else is not there. */
  readonly shell: DeviceShell = async (line, { stdin, stdout, stderr }) => {
    const input = await text(stdin);
    const words = wordsOf(line);
    const args = words.slice(words.indexOf('--') + 1);
    if (input === apt.scan(null).stdin) stdout.write(scanText(this.#state, args[0] ?? '-'));
    else if (input === apt.simulate([]).stdin) stdout.write(simulationText(this.#state, args));
    else if (words.join(' ') === `sudo -n ${apt.helper.path}`)
      stdout.write(`${JSON.stringify(await this.#obey(input))}\n`);
    else {
      stderr.write(`scripted: ${words[0] ?? line}: not found\n`);
      return { code: 127 };
    }
    return { code: 0 };
  };

  async #obey(input: string): Promise<HelperAnswer> {
    const order = JSON.parse(input) as HelperOrder; // from the apt backend itself, by the same release of this program
    if (order.op === 'refresh') return { kind: 'done', code: 0, log: 'Reading package lists (scripted)', packages: [] };
    if (order.op === 'poll') return this.#poll(order.id);
    if (order.fence < this.#state.fence) {
      const newer = `fence ${order.fence} is older than ${this.#state.fence}, which this device has seen`;
      return { kind: 'refused', code: 'helper.fenced', text: newer };
    }
    this.#state.fence = order.fence;
    if (order.op === 'prepare') return this.#prepare(order.id, order.items);
    if (this.#state.work[order.id]) return { kind: 'started' };
    if (order.op === 'reboot') return this.#start(order.id, { kind: 'reboot', items: [] }, () => this.#reboot());
    const items = order.op === 'undo' ? this.#wayBack(order.of) : [...order.items];
    if (!items) return { kind: 'refused', code: 'helper.no-undo', text: 'the old versions were not kept' };
    const differs = order.op === 'install' ? this.#differs(items) : null;
    if (differs) return differs;
    return this.#start(order.id, { kind: order.op, items }, async (work) => {
      await delay(this.#options.workMs ?? 1500);
      Object.assign(work, installItems(this.#state, items));
    });
  }

  #poll(id: string): HelperAnswer {
    const work = this.#state.work[id];
    if (!work) return { kind: 'unknown-op' };
    if (work.code === null) return { kind: 'running' };
    if (work.kind === 'prepare') return { kind: 'ready', undo: 'downgrade', log: work.log };
    const packages = work.items.map(({ name, arch }) => {
      const now = this.#state.packages[name];
      return { name, arch, version: now?.version ?? null, whole: now?.whole ?? true };
    });
    return { kind: 'done', code: work.code, log: work.log, packages };
  }

  /** Every version can be had again here, so there is always a way back. */
  async #prepare(id: string, items: readonly TransactionItem[]): Promise<HelperAnswer> {
    const differs = this.#differs(items);
    if (differs) return differs;
    this.#state.work[id] = { kind: 'prepare', items: [...items], code: 0, log: 'Downloaded (scripted)' };
    await this.#save();
    return { kind: 'ready', undo: 'downgrade', log: 'Downloaded (scripted)' };
  }

  #differs(items: readonly TransactionItem[]): HelperAnswer | null {
    const approved = items.map(lineOf).sort();
    const now = planFor(
      this.#state,
      items.map(({ name }) => name),
    )
      .map(lineOf)
      .sort();
    if (approved.join() === now.join()) return null;
    const text = [...approved.map((line) => `approved: ${line}`), ...now.map((line) => `now: ${line}`)].join('\n');
    return { kind: 'refused', code: 'helper.plan-differs', text };
  }

  #wayBack(id: string): TransactionItem[] | null {
    const prepared = this.#state.work[id];
    return prepared?.kind === 'prepare'
      ? prepared.items.map((item) => ({ ...item, from: item.to, to: item.from }))
      : null;
  }

  /** On record before it begins, and again when it has ended. */
  async #start(
    id: string,
    what: Pick<ScriptedWork, 'kind' | 'items'>,
    go: (work: ScriptedWork) => Promise<void>,
  ): Promise<HelperAnswer> {
    const work: ScriptedWork = { ...what, code: null, log: '' };
    this.#state.work[id] = work;
    await this.#save();
    const going = go(work).then(async () => {
      work.code ??= 0;
      await this.#save();
      this.#going.delete(going);
    });
    this.#going.add(going);
    return { kind: 'started' };
  }

  async #reboot(): Promise<void> {
    // As the helper does, so that the answer gets out.
    await delay(Math.min(1000, this.#options.rebootMs));
    this.#state.bootId = randomUUID();
    this.#state.rebootBecause = [];
    await this.#server?.restart(this.#options.rebootMs);
  }
}

const lineOf = ({ name, arch, from, to }: TransactionItem): string => `${name} ${arch} ${from} ${to}`;
