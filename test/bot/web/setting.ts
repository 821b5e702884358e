/**
 * What the web chat's tests share: a running server on its real stores, a desk that records, and a browser's way of
 * posting forms.
 */
import mongoose from 'mongoose';
import type { CommandIn, Desk, PressIn, Reply, VerbHelp } from '../../../bot/handlers/press.ts';
import { startWeb, type Web } from '../../../bot/web/index.ts';
import type { WebOptions } from '../../../bot/web/ports.ts';
import type { Card, CardButton } from '../../../domain/cards/card.ts';
import type { PersonId, TenantId } from '../../../domain/model/ids.ts';
import type { Person } from '../../../domain/model/people.ts';
import { webMessageModel, webMessages } from '../../../workers/store/web-messages.ts';
import { webSessionModel, webSessions } from '../../../workers/store/web-sessions.ts';
import { freshDatabase } from '../../database.ts';

export const tenant = 'acme' as TenantId;
export const somebody = (id: string, more: Partial<Person> = {}): Person => ({
  id: id as PersonId,
  tenant,
  name: `${id.charAt(0).toUpperCase()}${id.slice(1)}`,
  roles: ['approver'],
  zone: 'Europe/Madrid',
  accounts: [],
  ...more,
});

/** A desk that says yes to everything and keeps what it was asked. */
export function recordingDesk() {
  const presses: PressIn[] = [];
  const commands: CommandIn[] = [];
  let answer: Reply = { ok: true, text: 'Approved.' };
  const verbs: VerbHelp[] = [
    { name: 'help', summary: 'What you can ask', options: [] },
    {
      name: 'status',
      summary: 'How a device is',
      options: [{ name: 'device', description: 'its name', required: false, suggests: true }],
    },
  ];
  const desk: Desk = {
    verbs,
    async press(press) {
      presses.push(press);
      return answer;
    },
    async command(command) {
      commands.push(command);
      return answer;
    },
    form: () => null,
    suggest: async (_, __, ___, typed) => ['web-1', 'web-2', 'db one'].filter((name) => name.startsWith(typed)),
  };
  const answers = (reply: Reply): void => {
    answer = reply;
  };
  return { desk, presses, commands, answers };
}

export const button = (more: Partial<CardButton> = {}): CardButton => ({
  action: 'proposal.approve',
  subject: 'p-1',
  rev: 3,
  label: 'Approve',
  tone: 'good',
  ...more,
});
export const card = (more: Partial<Card> = {}): Card => ({
  title: 'openssl 3.0.17',
  tone: 'warn',
  status: 'Waiting for approval',
  facts: [{ label: 'Devices', value: '12' }],
  buttons: [button()],
  ...more,
});

/** Starts a web chat on a database of its own. */
export async function webSetting(more: Partial<WebOptions> = {}) {
  const database = await freshDatabase();
  const connection = await mongoose.createConnection(database.uri).asPromise();
  await webMessageModel(connection).createIndexes();
  await webSessionModel(connection).createIndexes();
  const recording = recordingDesk();
  const people = [somebody('ada'), somebody('bo', { zone: 'America/New_York' })];
  const logged: string[] = [];
  const log = { info: () => {}, warn: () => {}, error: (event: string) => void logged.push(event) };
  const messages = webMessages(connection, tenant);
  const sessions = webSessions(connection, tenant);
  const options: WebOptions = {
    host: '127.0.0.1',
    port: 0,
    tenant,
    desk: recording.desk,
    people: { byId: async (id) => people.find((person) => person.id === id) ?? null },
    messages,
    sessions,
    log,
    channels: ['patching', 'ops'],
    ...more,
  };
  const web = await startWeb(options);
  async function stop(): Promise<void> {
    await web.stop();
    await connection.close();
    await database.drop();
  }
  const local = `http://127.0.0.1:${web.port}`;
  return { web, options, local, messages, sessions, people, logged, ...recording, stop };
}

/** A browser without JavaScript: keeps a cookie, follows redirects by hand, posts what a page's form holds. */
export class Browser {
  readonly web: Web;
  cookie = '';
  constructor(web: Web) {
    this.web = web;
  }
  async open(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#keep(
      await fetch(new URL(path, this.web.url), { redirect: 'manual', headers: { cookie: this.cookie, ...headers } }),
    );
  }
  async page(path: string): Promise<string> {
    return (await this.open(path)).text();
  }
  async post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
    const { origin } = new URL(this.web.url);
    const answered = await fetch(new URL(path, this.web.url), {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: this.cookie, origin, ...headers },
      body: new URLSearchParams(fields),
    });
    return this.#keep(answered);
  }
  async signIn(person: string): Promise<this> {
    const link = new URL(await this.web.loginLink(person as PersonId)).pathname;
    await this.post(link, {});
    return this;
  }
  #keep(answered: Response): Response {
    const [set] = answered.headers.getSetCookie();
    if (set) this.cookie = set.split(';')[0] ?? '';
    return answered;
  }
}

/** The first form of a page that posts to this path: its hidden fields, as a browser would send them. */
export function formTo(page: string, action: string): Record<string, string> {
  const start = page.indexOf(`action="${action}"`);
  if (start < 0) throw new Error(`the page has no form to ${action}`);
  const form = page.slice(start, page.indexOf('</form>', start));
  const fields = [...form.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)];
  return Object.fromEntries(fields.map(([, name = '', value = '']) => [name, value]));
}
