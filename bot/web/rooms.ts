/** The pages of messages: a channel, private messages, what waits, and one message with its whole thread. */
import type { Context, Hono } from 'hono';
import type { Env, Session } from './guard.ts';
import { limits } from './limits.ts';
import {
  conversationsOf,
  renderConversation,
  renderConversations,
  renderPromptAnswer,
  roomName,
  roomPath,
} from './message.ts';
import { type Room, roomPage } from './pages.ts';
import type { WebListing, WebMessage, WebOptions } from './ports.ts';
import type { Reader } from './render.ts';
import { directRoom } from './send.ts';

/** What a session may read: every channel, and its person's own messages. */
export const visibleRooms =
  (channels: readonly string[]) =>
  ({ person }: Session): readonly string[] => [...channels, directRoom(person.id)];

type ReaderOf = (session: Session, from: string, delivery: string) => Reader;

/** Adds the four pages. What a session may not read is not found, so that nobody learns of it. */
export function roomPages(app: Hono<Env>, options: WebOptions, readerOf: ReaderOf): void {
  const { messages, channels } = options;
  const page = pageMaker(options, readerOf);
  app.get('/waiting', (c) => {
    const about = { path: '/waiting', title: 'Waiting for you', about: 'Everything that needs a decision' };
    return page(c, about, { rooms: visibleRooms(channels)(c.get('session')), onlyWaiting: true });
  });
  app.get('/direct', (c) => {
    const about = { path: '/direct', title: 'Direct messages', about: 'Only you can see these' };
    return page(c, about, { rooms: [directRoom(c.get('session').person.id)] });
  });
  app.get('/c/:channel', (c) => {
    const room = c.req.param('channel');
    if (!channels.includes(room)) return c.notFound();
    const about = { path: roomPath(room), title: roomName(room), about: 'Patches, decisions and rollouts' };
    return page(c, about, { rooms: [room] });
  });
  app.get('/m/:id', async (c) => {
    const root = await messages.get(c.req.param('id'));
    if (!root || !visibleRooms(channels)(c.get('session')).includes(root.room)) return c.notFound();
    if (root.thread !== null) return c.redirect(`/m/${root.thread}#m-${root.id}`);
    const about = { path: `/m/${root.id}`, title: roomName(root.room), about: 'One message with all its updates' };
    return page(c, about, root);
  });
}

type About = Pick<Room, 'path' | 'title' | 'about'>;

/** Draws a page of a listing, or of one message with its thread unfolded. */
function pageMaker({ messages, channels, desk }: WebOptions, readerOf: ReaderOf) {
  return async (c: Context<Env>, about: About, shown: WebListing | WebMessage): Promise<Response> => {
    const session = c.get('session');
    const reader = readerOf(session, about.path, c.req.query('answer') ?? '');
    // Before anything is read: what changes meanwhile comes by the live stream.
    const since = await messages.lastChange();
    const waiting = await messages.waiting(visibleRooms(channels)(session));
    const content = 'rooms' in shown ? await listing(c, about, shown, reader) : await single(shown, reader);
    const answer = reader.answer?.at === 'prompt' ? renderPromptAnswer(reader.answer, reader) : null;
    const frame = { person: session.person, channels, waiting, since, verbs: desk.verbs };
    return c.html(roomPage({ ...about, ...content, answer }, frame, reader));
  };

  async function listing(c: Context<Env>, { path }: About, where: WebListing, reader: Reader) {
    const before = Number(c.req.query('before') ?? Number.NaN);
    const newest = !Number.isSafeInteger(before);
    const found = await messages.list(newest ? where : { ...where, before }, limits.pageMessages);
    const [first] = found;
    const body = first ? renderConversations(await conversationsOf(messages, found), reader) : null;
    const older = first && found.length === limits.pageMessages ? `${path}?before=${first.order}` : null;
    return { body, older, newest };
  }

  async function single(root: WebMessage, reader: Reader) {
    const [conversation] = await conversationsOf(messages, [root]);
    return { body: conversation ? renderConversation(conversation, reader, true) : null, older: null, newest: true };
  }
}
