/** What every command is given: the settings, a session that is closed again, and the person at the shell with their rights. */
import type { Settings } from '../../config/settings.ts';
import { type Account, may, type Person, type Role } from '../../domain/model/people.ts';
import { refuse } from './exit.ts';
import type { Say, Session } from './session.ts';

/** Options that every command takes. */
export type Global = { readonly config?: string; readonly as?: string };

export type Shell = {
  /** Answers: standard output. */
  readonly say: Say;
  /** Everything beside the answer: standard error. */
  readonly warn: Say;
  readonly options: () => Global;
  settings(): Promise<Settings>;
  /** Opens the database, works, and closes it again, on Ctrl-C too. */
  within(work: (session: Session) => Promise<void>): Promise<void>;
  /** The same for a person who has `role`; null = everybody who is known. Failures besides: `person.unknown`, `person.may-not`. */
  asPerson(role: Role | null, work: (session: Session, by: Person, account: Account) => Promise<void>): Promise<void>;
};

/** Settings and database bring most of the libraries: a command that needs neither does not wait for them. */
const sessions = () => import('./session.ts');

/** Makes the shell of one command; `options` are read when they are needed, after the command line was. */
export function makeShell(options: () => Global, say: Say, warn: Say): Shell {
  const settings = async () => (await sessions()).settingsFrom(options().config, warn);
  async function within(read: Settings, work: (session: Session) => Promise<void>): Promise<void> {
    const session = await (await sessions()).openSession(read, warn);
    const leaving = closeOnSignal(session, warn);
    try {
      await work(session);
    } catch (error) {
      await leaving.ifSo; // what breaks because the database was closed is no news
      throw error;
    } finally {
      leaving.forget();
      await session.close();
    }
  }
  return {
    say,
    warn,
    options,
    settings,
    within: async (work) => within(await settings(), work),
    async asPerson(role, work) {
      const read = await settings();
      const account = (await sessions()).accountFrom(read, options().as);
      await within(read, async (session) => {
        const by = session.base.world.people.byId(account.user);
        if (!by) throw new Error('person.unknown'); // accountFrom chose from the same list
        const { roles } = by;
        if (!may(by, role)) refuse({ code: 'person.may-not', role: String(role), roles: roles.join(', ') || 'none' });
        await work(session, by, account);
      });
    },
  };
}

/** Ctrl-C closes the session, so that a database of our own does not stay behind; a second one ends at once. */
function closeOnSignal(session: Session, warn: Say): { ifSo: Promise<void>; forget(): void } {
  let ifSo = Promise.resolve();
  const leave = () => {
    warn('Stopped. What was done stays; it is safe to run the command again.');
    ifSo = new Promise(() => {}); // the exit below ends the wait
    void session.close().finally(() => process.exit(130));
  };
  process.once('SIGINT', leave).once('SIGTERM', leave);
  return {
    get ifSo() {
      return ifSo;
    },
    forget: () => void process.off('SIGINT', leave).off('SIGTERM', leave),
  };
}
