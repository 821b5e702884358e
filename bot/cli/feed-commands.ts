/** The commands below `patchherd feed` that only the shell has; `feed list` is a verb of the chat. */
import type { Command } from 'commander';
import type { ImportOptions } from './feeds.ts';
import type { Shell } from './shell.ts';

/** Adds them. */
export function addFeedCommands(program: Command, shell: Shell): void {
  const feed = program.command('feed').description('Feeds: their age, ask them now, bring a file');
  feed
    .command('sync [feed]')
    .description('Ask the source of one feed now, or of all that your devices have use for')
    .option('--force', 'take over even what is much smaller or older than last time')
    .action((id: string | undefined, { force = false }: { force?: boolean }) =>
      shell.asPerson('admin', async (session, by) => {
        const { syncNow } = await import('./feeds.ts');
        if (!(await syncNow(session, by, { id, force }, shell.say))) process.exitCode = 1;
      }),
    );
  feed
    .command('import <file>')
    .description('Take over a file of a feed, as it comes from a mirror or a USB stick')
    .option('--feed <feed>', 'which feed it is of (default: found out from what is in it)')
    .option('--force', 'take over even what is much smaller than last time')
    .action((file: string, options: ImportOptions) =>
      shell.asPerson('admin', async (session, by) => {
        const { importNow } = await import('./feeds.ts');
        await importNow(session, by, file, options, shell.say);
      }),
    );
}
