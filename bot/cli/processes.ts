/** The long-running commands: the demo, everything in one process, bot alone, workers alone. */
import type { Settings } from '../../config/settings.ts';
import type { PersonId } from '../../domain/model/ids.ts';
import { startWorkers } from '../../workers/main.ts';
import { startBot } from '../main.ts';
import { openSession, type Say } from './session.ts';

/** A second Ctrl-C ends at once; the database and the devices survive that. */
function untilSignal(say: Say, stop: () => Promise<void>): void {
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
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
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

/** `bot`, `worker`, or both in one process, until a signal. Failures: those of settings, database and platforms. */
export async function runProcess(settings: Settings, parts: 'bot' | 'worker' | 'all', say: Say): Promise<void> {
  const session = await openSession(settings, say, settings.log.level);
  const stops: (() => Promise<void>)[] = [session.close];
  const stop = async () => {
    for (const end of stops.reverse()) await end();
  };
  try {
    if (parts !== 'bot') stops.push((await startWorkers(settings, session.base)).stop);
    const bot = parts === 'worker' ? null : await startBot(settings, session.base);
    if (bot) stops.push(bot.stop);
    untilSignal(say, stop);
    const admin = settings.people.find(({ roles }) => roles.includes('admin')) ?? settings.people[0];
    if (bot?.web && admin)
      say(`Web chat: ${bot.web.url}. Sign ${admin.name} in with ${await bot.web.loginLink(admin.id as PersonId)}`);
    say(`Running: ${parts === 'all' ? 'bot and worker' : parts}. Ctrl-C stops it.`);
  } catch (error) {
    await stop();
    throw error;
  }
}
