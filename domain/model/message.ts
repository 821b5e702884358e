/** Where chat messages go and how a sent one is found again. */
import type { Platform } from './people.ts';

export type ChatPlatform = Exclude<Platform, 'cli'>;

/** A sent message. Slack: channel id and `ts`. Discord: channel (or thread) id and message id. Web: channel name and message id. */
export type MessageRef = { readonly platform: ChatPlatform; readonly channel: string; readonly message: string };

/** `thread`: below a message that was sent before. `direct`: a private message to one user of the platform. */
export type Destination =
  | { readonly kind: 'channel'; readonly channel: string }
  | { readonly kind: 'thread'; readonly of: MessageRef }
  | { readonly kind: 'direct'; readonly user: string };
