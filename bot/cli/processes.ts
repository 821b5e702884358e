/** The long-running commands: the demo, everything in one process, bot alone, workers alone. */
import { setFlagsFromString } from 'node:v8';
import type { Settings } from '../../config/settings.ts';
import type { PersonId } from '../../domain/model/ids.ts';
import { type Base, startWorkers } from '../../workers/main.ts';
import { type Bot, startBot } from '../main.ts';
import { openForProcess, type Say } from './session.ts';

export type Parts = 'bot' | 'worker' | 'all';

/** Ends the process on a signal, after `stop`. A second Ctrl-C ends at once; the database and the devices survive that. */
function untilSignal(say: Say, stop: () => Promise<void>): { stopping(): boolean } {
  let stopping = false;
  const end = () => {
    if (stopping) process.exit(130);
    stopping = true;
    say('Stopping: what runs on devices goes on there and is picked up at the next start.');
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        say(`Stopping went wrong: ${error instanceof Error ? error.message : String(error)}`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  return { stopping: () => stopping };
}

/** The demo, until a signal. Failures: those of `startDemo`. */
export async function runDemo(say: Say): Promise<void> {
  const { startDemo } = await import('../../demo/main.ts');
  const demo = await startDemo(process.env, say);
  untilSignal(say, demo.stop);
  const made = demo.mode === 'scripted' ? 'Its devices are scripted: nothing real is installed. ' : '';
  say(`\nThe demo runs: twelve devices, and a repository with trouble in it. ${made}Ctrl-C stops it.`);
  say('Approve a card and watch it; acme-db fails to install, acme-web is unhealthy afterwards.\n');
  say(`  ${demo.link}\n`);
}

/**
 * V8 lets its heap grow to several times of what is in use before it collects: 160 MB for 45 MB after a scan of 300 devices. Collecting
 * after a third more costs one hundredth of a core and keeps the whole product small (docs/performance.md, memory).
 */
const frugal = '--heap-growing-percent=33';

/** `bot`, `worker`, or both in one process, until a signal. Failures: those of settings, database and platforms. */
export async function runProcess(settings: Settings, parts: Parts, say: Say): Promise<void> {
  setFlagsFromString(frugal);
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (let end = stops.pop(); end; end = stops.pop()) await end();
  };
  const signal = untilSignal(say, stop);
  try {
    const { base, close } = await openForProcess(settings, say);
    stops.push(close);
    if (parts !== 'bot') stops.push((await startWorkers(settings, base)).stop);
    const bot = parts === 'worker' ? null : await startBot(settings, base);
    if (bot) stops.push(bot.stop);
    say(`\npatchherd runs: ${parts === 'all' ? 'bot and worker' : parts}. Ctrl-C stops it.`);
    await welcome(settings, base, bot, say);
  } catch (error) {
    if (signal.stopping()) return; // it broke because it was stopped: the signal ends the process
    await stop();
    throw error;
  }
}

/** What somebody needs who starts it for the first time: a way in, and what keeps it from working. */
async function welcome({ people }: Settings, { world }: Base, bot: Bot | null, say: Say): Promise<void> {
  const admin = people.find(({ roles }) => roles.includes('admin')) ?? people[0];
  if (bot?.web && admin) {
    say(`\nWeb chat: ${bot.web.url}`);
    say(`Sign in as ${admin.name}, once, within 15 minutes:\n  ${await bot.web.loginLink(admin.id as PersonId)}`); // an id of the settings
    say('Later, and for others: patchherd login <person>');
  }
  const strangers = (await world.devices.find({ retired: false })).filter(({ hostKeys }) => hostKeys.length === 0);
  if (strangers.length > 0) {
    const names = strangers.slice(0, 5).map(({ name }) => name);
    const more = strangers.length > names.length ? ` and ${strangers.length - names.length} more` : '';
    say(`\nNobody accepted the host key of ${names.join(', ')}${more} yet: patchherd device accept-key ${names[0]}`);
  }
  say('');
}
