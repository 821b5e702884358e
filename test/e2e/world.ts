/** A whole patchherd for tests: real devices, a database of its own, workers, the bot with its web chat, and people who press buttons. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Bot, startBot } from '../../bot/main.ts';
import { deviceSeeds } from '../../config/records.ts';
import { buildRepository, type DemoPackage } from '../../demo/repository.ts';
import type { Card, CardButton } from '../../domain/cards/card.ts';
import { enrol } from '../../domain/flows/enrol.ts';
import { scanFleet } from '../../domain/flows/scan-fleet.ts';
import { verifyAudit } from '../../domain/flows/sweep.ts';
import type { AuditEvent } from '../../domain/model/audit.ts';
import type { Deployment } from '../../domain/model/deployment.ts';
import type { TenantId } from '../../domain/model/ids.ts';
import type { Proposal } from '../../domain/model/proposal.ts';
import type { Log } from '../../domain/ports.ts';
import { type Base, openBase, startWorkers, type Workers, workerWorld } from '../../workers/main.ts';
import { webMessages } from '../../workers/store/web-messages.ts';
import { type FreshDatabase, freshDatabase } from '../database.ts';
import type { FleetDevice } from '../fleet/device.ts';
import { startFleet } from '../fleet/fleet.ts';
import { freePort } from '../fleet/sshd.ts';
import { userModeRefusal } from '../fleet/user-devices.ts';
import { channel, type Rules, settingsFor, tenant, type Who } from './settings.ts';

/** Why these tests cannot run here, or null. Printed once in each file, because a silent skip would pass for a success. */
export const refusal = userModeRefusal();
if (refusal) console.error(`skipped: end to end: ${refusal}`);

/** Long enough for a busy machine, short enough to wait for. */
export const leases = { deviceMs: 4000, jobMs: 4000 };
export type WorldOptions = Rules & {
  readonly count: number;
  /** Another database than one on the tests' common server. `drop` is called at the end. */
  readonly database?: Pick<FreshDatabase, 'uri' | 'drop'>;
  /** False: others do the work. @default true */
  readonly workers?: boolean;
  /** @default startBot */
  readonly startChat?: typeof startBot;
};

type Running = { readonly base: Base; readonly workers: Workers; readonly bot: Bot };
export type TestWorld = Awaited<ReturnType<typeof startWorld>>;

/** Asks until there is an answer; throws with what was waited for after `seconds`. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false>,
  seconds = 40,
): Promise<T> {
  for (const patience = Date.now() + seconds * 1000; ; ) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > patience) throw new Error(`waited ${seconds} s for: ${what}`);
    await delay(100);
  }
}

/** The button of a card; throws when the card has no such button. */
export function buttonOf(card: Card, action: string): CardButton {
  const found = card.buttons.find((button) => button.action === action);
  if (!found) throw new Error(`"${card.title}" (${card.status}) has no ${action}`);
  return found;
}

/** Starts everything. Call `stop` in afterAll. */
export async function startWorld(options: WorldOptions) {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'patchherd-e2e-'));
  const [fleet, database] = await Promise.all([
    startFleet({ count: options.count, mode: 'user' }),
    options.database ?? freshDatabase(),
  ]);
  const settings = settingsFor(fleet, options, await freePort('127.0.0.1'));
  const problems: string[] = [];
  const log: Log = {
    info: () => {},
    warn: () => {},
    // With locks as short as here Agenda now and then "cancels" a job that has just ended; records do not care about the queue.
    error: (event, fields) => void (event === 'queue.failed' || problems.push(`${event} ${JSON.stringify(fields)}`)),
  };
  // The demo's updates are not what these tests are about.
  await Promise.all(fleet.devices.map((device) => sources(device, [])));
  let repositories = 0;
  let running = await run();

  async function run(): Promise<Running> {
    const base = await openBase(settings, database.uri, log, leases);
    return { base, workers: await hands(base), bot: await (options.startChat ?? startBot)(settings, base) };
  }
  /** Without workers of its own the world still has a way to scan. */
  async function hands(base: Base): Promise<Workers> {
    if (options.workers ?? true) return startWorkers(settings, base);
    const world = workerWorld(settings, base);
    await enrol(world, deviceSeeds(settings));
    return { world, stop: () => world.remote.close() };
  }
  async function halt(): Promise<void> {
    await running.bot.stop();
    await running.workers.stop();
    await running.base.close();
  }
  async function sh(device: FleetDevice, script: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await fleet.exec(device, ['sh', '-c', script, 'sh', ...args]);
    if (code !== 0) throw new Error(`${script} ended with ${code} on ${device.name}: ${stderr}`);
    return stdout.trim();
  }
  async function sources(device: FleetDevice, lines: readonly string[]): Promise<void> {
    await sh(device, 'printf "%s\\n" "$@" >"$DPKG_ROOT/etc/apt/sources.list" && apt-get -qq update', ...lines);
  }
  async function build(packages: readonly DemoPackage[]): Promise<string> {
    repositories += 1;
    return buildRepository(path.join(dir, String(repositories)), packages, { label: 'Acme', suite: 'acme' });
  }
  const store = () => running.base.store;
  // The scans of the first start must not meet a half-made offer.
  const scanned = async () => (await store().devices.count({ facts: null })) === 0;
  if (options.workers ?? true) await until('the first scans', scanned);
  const messages = () => webMessages(running.base.database.connection, tenant as TenantId); // the settings' own tenant

  /** Visits all devices and brings the proposals in line. */
  const scan = () => scanFleet(running.workers.world, 10, new AbortController().signal);
  /** The newest proposal of a package, announced or not. */
  async function proposal(name: string): Promise<Proposal | undefined> {
    const all = (await store().proposals.find({})).filter(({ patch }) => patch.includes(`/${name}=`));
    return [...all].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime()).at(-1);
  }
  /** The web chat's message with the card of a proposal, as soon as `good` likes it. */
  async function card(of: Proposal['id'], good: (card: Card) => boolean = () => true): Promise<Card> {
    return until(`the card of ${of}`, async () => {
      const found = await messages().byKey(channel, null, `web|channel|proposal:${of}`);
      return found && good(found.card) && found.card;
    });
  }
  /** A press, as a platform hands it in. */
  const press = (who: Who, button: CardButton, more: { answer?: string; delivery?: string } = {}) =>
    running.bot.desk.press({
      account: { platform: 'web', workspace: tenant, user: who },
      delivery: more.delivery ?? randomUUID(),
      action: button.action,
      subject: button.subject,
      seenRev: button.rev,
      ...(more.answer === undefined ? {} : { answer: more.answer }),
    });

  return {
    fleet,
    settings,
    database,
    /** What was logged as an error, the queue's own complaints left out: a test that provokes none expects none. */
    problems,
    store,
    now: () => running,
    sh,
    /** The whole process, stopped and started again. */
    async restart(meanwhile: () => Promise<void> = async () => {}): Promise<void> {
      await halt();
      await meanwhile();
      running = await run();
    },
    /** Makes `old` the installed version on the devices, and `fresh` all that their package manager offers besides. */
    async offer(devices: readonly FleetDevice[], old: DemoPackage, ...fresh: readonly DemoPackage[]): Promise<void> {
      const [before, after] = [await build([old]), await build(fresh)];
      await Promise.all(
        devices.map(async (device) => {
          await sources(device, [before]);
          await sh(device, 'apt-get -qq -y --allow-downgrades install "$1"', `${old.name}=${old.version}`);
          await sources(device, [before, after]);
        }),
      );
    },
    scan,
    proposal,
    card,
    press,
    /** Scans, and approves the newest proposal of a package as a person does: by the button of its card. */
    async approved(name: string): Promise<Proposal> {
      await scan();
      const found = await until(`a proposal of ${name}`, () => proposal(name));
      const pressed = await press('sam', buttonOf(await card(found.id), 'proposal.approve'));
      if (!pressed.ok) throw new Error(pressed.text);
      return found;
    },
    /** What dpkg on the device has: `1.0 ii`. Read without our code. */
    installed: (device: FleetDevice, name: string) => sh(device, 'dpkg -l "$1" | awk "END { print \\$3, \\$1 }"', name),
    /** How often dpkg took this version up, by the device's own log. */
    async upgrades(device: FleetDevice, name: string, version: string): Promise<number> {
      const log = await sh(device, 'cat "$DPKG_ROOT/var/log/dpkg.log"');
      return log.split('\n').filter((one) => one.includes(` upgrade ${name}:`) && one.endsWith(` ${version}`)).length;
    },
    /** How often the helper ran apt to install this package, by the logs that it keeps on the device. */
    async aptRuns(device: FleetDevice, name: string): Promise<number> {
      const log = await sh(device, 'cat "$DPKG_ROOT"/var/lib/patchherd/ops/*.install/log');
      return log.split('\n').filter((one) => one.startsWith('$ apt-get ') && one.includes(` ${name}=`)).length;
    },
    /** Cards in the thread of a proposal, in order. */
    async thread(proposal: Proposal['id']): Promise<readonly Card[]> {
      const root = await messages().byKey(channel, null, `web|channel|proposal:${proposal}`);
      return root ? (await messages().replies([root.id], 1000)).map(({ card }) => card) : [];
    },
    /** Cards in a person's own messages, in order. */
    async direct(who: Who): Promise<readonly Card[]> {
      return (await messages().list({ rooms: [`@${who}`] }, 1000)).map(({ card }) => card);
    },
    /** A typed command. */
    say: (who: Who, verb: string, ...words: readonly string[]) =>
      running.bot.desk.command({
        account: { platform: 'web', workspace: tenant, user: who },
        delivery: randomUUID(),
        verb,
        words,
      }),
    /** The deployments of a proposal's rollout, by device name. */
    async deployments(proposal: Proposal['id']): Promise<readonly Deployment[]> {
      return [...(await store().deployments.find({ proposal }))].sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    /** The deployment on a device, as soon as `good` likes it; says where it hangs otherwise. */
    async reaches(
      proposal: Proposal['id'],
      device: FleetDevice,
      good: Deployment['state'] | ((deployment: Deployment) => boolean),
      seconds = 40,
    ): Promise<Deployment> {
      const likes = typeof good === 'function' ? good : ({ state }: Deployment) => state === good;
      let last: Deployment | undefined;
      const look = async () => {
        last = (await store().deployments.find({ proposal })).find(({ name }) => name === device.name);
        return last && likes(last) && last;
      };
      return until(`${device.name} to be ${good}`, look, seconds).catch((error: Error) => {
        throw new Error(`${error.message}; it is ${JSON.stringify(last)}; ${problems.join('\n')}`);
      });
    },
    /** What the audit chain has, as soon as it has taken everything; the chain itself must hold. */
    async audit(): Promise<readonly AuditEvent[]> {
      const { audit } = store();
      await until('the audit chain to take everything', async () => (await audit.waiting(1)).length === 0);
      const broken = await verifyAudit({ audit });
      if (broken !== null) throw new Error(`the audit chain is broken at ${broken}`);
      const events: AuditEvent[] = [];
      for await (const { event } of audit.all()) events.push(event);
      return events;
    },
    async stop(): Promise<void> {
      await halt();
      await Promise.all([fleet.stop(), database.drop(), rm(dir, { recursive: true, force: true })]);
    },
  };
}
