/** The gateway side of the fake: HELLO, IDENTIFY, READY, heartbeats, and RESUME with everything that was missed. */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import type { World } from './world.ts';

type Frame = { op: number; d: unknown; s: number | null; t: string | null };
type Session = { readonly id: string; seq: number; readonly sent: Frame[]; socket: WebSocket | null };

export type Gateway = ReturnType<typeof createGateway>;

const frame = (op: number, d: unknown): string => JSON.stringify({ op, d, s: null, t: null } satisfies Frame);

/** Everything that GUILD_CREATE must have for discord.js to build a guild from it. */
function guildPayload({ guild, bot, people, channel }: World) {
  const joined_at = new Date(0).toISOString();
  const member = (user: object) => ({ user, roles: [], joined_at, deaf: false, mute: false, flags: 0 });
  return {
    id: guild,
    name: 'Operations',
    owner_id: people.ann.id,
    roles: [{ id: guild, name: '@everyone', permissions: '0', position: 0, color: 0, flags: 0 }],
    channels: [{ id: channel, type: 0, name: 'patching', position: 0, permission_overwrites: [], guild_id: guild }],
    members: [bot, ...Object.values(people)].map(member),
    emojis: [],
    stickers: [],
    features: [],
    threads: [],
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
    member_count: 4,
    joined_at,
    system_channel_flags: 0,
    preferred_locale: 'en-US',
  };
}

/** Attaches to the HTTP server's upgrades. `url` is known once that listens. */
export function createGateway(server: Server, world: World, token: string, url: () => string, heartbeatMs: number) {
  const sockets = new WebSocketServer({ server });
  const sessions = new Map<string, Session>();
  const control = {
    identifies: 0,
    resumes: 0,
    intents: 0,
    /** Answer RESUME with "invalid session", so that the client starts afresh. */
    forgetSessions: false,
    /** Close with this number instead of READY: 4004 bad token, 4014 an intent that was not granted. */
    refuseWith: null as number | null,
    /** Fields of `application` in READY. */
    application: {} as Record<string, unknown>,
    heartbeats: 0,
  };

  function emit(session: Session, t: string, d: unknown): void {
    session.seq += 1;
    const sent: Frame = { op: 0, t, s: session.seq, d };
    session.sent.push(sent);
    session.socket?.send(JSON.stringify(sent));
  }

  function identify(socket: WebSocket, d: { token: string; intents: number }): void {
    control.identifies += 1;
    control.intents = d.intents;
    const refusal = control.refuseWith ?? (d.token === token ? null : 4004);
    if (refusal !== null) {
      socket.close(refusal);
      return;
    }
    const session: Session = { id: randomBytes(8).toString('hex'), seq: 0, sent: [], socket };
    sessions.set(session.id, session);
    emit(session, 'READY', {
      v: 10,
      user: { ...world.bot, discriminator: '0', global_name: null, avatar: null, flags: 0 },
      guilds: [{ id: world.guild, unavailable: true }],
      session_id: session.id,
      resume_gateway_url: url(),
      application: { id: world.application, flags: 0, ...control.application },
      shard: [0, 1],
    });
    emit(session, 'GUILD_CREATE', guildPayload(world));
  }

  function resume(socket: WebSocket, d: { session_id: string; seq: number }): void {
    const session = sessions.get(d.session_id);
    if (!session || control.forgetSessions) {
      socket.send(frame(9, false));
      return;
    }
    control.resumes += 1;
    session.socket = socket;
    for (const missed of session.sent.filter(({ s }) => (s ?? 0) > d.seq)) socket.send(JSON.stringify(missed));
    emit(session, 'RESUMED', {});
  }

  sockets.on('connection', (socket) => {
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      for (const session of sessions.values()) if (session.socket === socket) session.socket = null;
    });
    socket.on('message', (raw) => {
      const { op, d } = JSON.parse(raw.toString());
      if (op === 1) {
        control.heartbeats += 1;
        socket.send(frame(11, null));
      }
      if (op === 2) identify(socket, d);
      if (op === 6) resume(socket, d);
    });
    socket.send(frame(10, { heartbeat_interval: heartbeatMs }));
  });

  return {
    control,
    /** Tells every session; a session without a socket gets it when it resumes. */
    dispatch(t: string, d: unknown): void {
      for (const session of sessions.values()) emit(session, t, d);
    },
    /** Drops every connection without a goodbye. */
    cut(): void {
      for (const session of sessions.values()) session.socket = null;
      for (const socket of sockets.clients) socket.terminate();
    },
    /** Op 7: please reconnect. */
    askToReconnect(): void {
      for (const socket of sockets.clients) socket.send(frame(7, null));
    },
    close(code: number): void {
      for (const socket of sockets.clients) socket.close(code);
    },
    connections: (): number => sockets.clients.size,
    stop: async (): Promise<void> => {
      for (const socket of sockets.clients) socket.terminate();
      await new Promise((resolve) => sockets.close(resolve));
    },
  };
}
