/** Whether the settings of Discord would work, asked without connecting: for set-up and doctor. */
import { type APIChannel, REST, Routes } from 'discord.js';
import { Failure } from '../../domain/model/failure.ts';
import { apiOver } from './api.ts';

export type DiscordAccess = {
  readonly botToken: string;
  readonly guild: string;
  readonly channel: string;
  /** Another address than Discord's, for tests. */
  readonly apiUrl?: string;
};

/**
 * Takes the settings and returns when the token is good and the channel is one of that server, seen by the bot. Failures:
 * `chat.unauthorized`, `chat.unreachable` (retryable), `chat.refused` (no such channel, not invited, or another server's channel).
 */
export async function checkDiscord({ botToken, guild, channel, apiUrl }: DiscordAccess): Promise<void> {
  const rest = new REST(apiUrl === undefined ? {} : { api: apiUrl }).setToken(botToken);
  try {
    const api = apiOver(rest, () => undefined);
    const found = await api.call<APIChannel>('get', Routes.channel(channel));
    if (!('guild_id' in found) || found.guild_id !== guild) {
      throw new Failure('chat.refused', `The Discord channel ${channel} is not in the server ${guild}.`);
    }
  } finally {
    rest.clearHashSweeper();
    rest.clearHandlerSweeper();
  }
}
