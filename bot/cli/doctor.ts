/** `patchherd doctor`: tries everything that has to work, and says what to do where it does not. */
import { proxyWords, throughProxy } from '../../config/proxy.ts';
import type { Settings } from '../../config/settings.ts';
import { Failure } from '../../domain/model/failure.ts';
import { workerWorld } from '../../workers/main.ts';
import { deviceFindings } from './doctor-device.ts';
import { type Finding, fine, limited, maxSkewMs, wrong } from './finding.ts';
import { wrap } from './render.ts';
import type { Say, Session } from './session.ts';
import { lastSweep } from './worker-hint.ts';

/** No check keeps the others waiting for longer. */
const limitsMs = { database: 10_000, platform: 20_000, device: 60_000 };

const marks = { fine: 'ok     ', note: 'note   ', wrong: 'WRONG  ' } as const;

/**
 * Prints what it finds, in the order of the settings and, for devices, of their ids; true when nothing is wrong. Changes nothing on
 * devices or in chat. Devices are visited as many at once as a scan does.
 */
export async function doctor(session: Session, say: Say): Promise<boolean> {
  const world = workerWorld(session.settings, session.base);
  let well = true;
  const tell = ({ what, state, text }: Finding) => {
    well &&= state !== 'wrong';
    say(wrap(`${what}: ${text}`, marks[state]));
  };
  try {
    const proxy = proxyWords(session.settings.proxy);
    if (proxy) tell(fine('proxy', `feeds and Slack are reached through ${proxy}`));
    const database = limited('database', limitsMs.database, databaseFindings(session));
    const chats = chatFindings(session.settings);
    for (const finding of (await Promise.all([database, ...chats])).flat()) tell(finding);
    const devices = await world.devices.find({ retired: false });
    if (devices.length === 0)
      tell({ what: 'devices', state: 'note', text: 'there are none yet: patchherd device add' });
    const check = (device: (typeof devices)[number]) =>
      limited(device.name, limitsMs.device, deviceFindings(world, device));
    for await (const findings of inOrder(devices, session.settings.scan.concurrency, check)) findings.forEach(tell);
    return well;
  } finally {
    await world.remote.close();
  }
}

/** The results of `work` in the order of `items`, each as soon as it and all before it are there; `atOnce` run at the same time. */
async function* inOrder<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  for (const item of items) {
    const begun = work(item);
    begun.catch(() => {}); // whoever awaits it below is told, maybe later than it fails
    running.push(begun);
    const first = running.length >= atOnce ? running.shift() : undefined;
    if (first) yield await first;
  }
  for (const left of running) yield await left;
}

async function databaseFindings({ base }: Session): Promise<readonly Finding[]> {
  const skew = await base.database.clockSkewMs();
  const seconds = Math.round(Math.abs(skew ?? 0) / 1000);
  const clocks = skew === null ? 'does not tell the time' : 'its clock agrees with ours';
  const answer =
    skew !== null && Math.abs(skew) > maxSkewMs
      ? wrong('database', `its clock is ${seconds} s off ours: set up NTP on both machines.`)
      : fine('database', `answers, ${clocks}`);
  const sweep = await lastSweep(base);
  const none = 'none is running, so nothing is scanned or installed: patchherd start --config FILE';
  const worker: Finding = sweep?.alive ? fine('worker', 'is running') : { what: 'worker', state: 'note', text: none };
  return [answer, worker];
}

/** One for each platform of the settings. Their libraries are loaded only then. */
function chatFindings({ chat, proxy }: Settings): readonly Promise<readonly Finding[]>[] {
  const { slack, discord } = chat;
  const check = (what: string, tried: Promise<void>) => limited(what, limitsMs.platform, judged(what, tried));
  return [
    ...(slack
      ? [
          check(
            'slack',
            import('../slack/check.ts').then(({ checkSlack }) => checkSlack({ ...slack, proxy: throughProxy(proxy) })),
          ),
        ]
      : []),
    ...(discord
      ? [
          check(
            'discord',
            import('../discord/check.ts').then(({ checkDiscord }) => checkDiscord(discord)),
          ),
        ]
      : []),
  ];
}

async function judged(what: string, tried: Promise<void>): Promise<readonly Finding[]> {
  try {
    await tried;
    return [fine(what, 'takes the token and lets us into the channel')];
  } catch (error) {
    if (error instanceof Failure) return [wrong(what, error.message)];
    throw error;
  }
}
