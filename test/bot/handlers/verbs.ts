/** The desk as the product wires it, over a world of the flows' tests: what people type and press, and what they are answered. */
import { randomUUID } from 'node:crypto';
import { makeDesk } from '../../../bot/handlers/desk.ts';
import { handlersFor, verbsFor } from '../../../bot/handlers/index.ts';
import type { Reply } from '../../../bot/handlers/press.ts';
import type { Person } from '../../../domain/model/people.ts';
import type { FlowWorld } from '../../domain/flows/world.ts';

const account = (user: string) => ({ platform: 'web' as const, workspace: 'acme', user });

/** A person with an account, so that the desk knows them. */
export const linked = (person: Person): Person => ({ ...person, accounts: [account(person.id)] });

/** The desk of a world whose people are `linked`. */
export function deskFor(world: FlowWorld) {
  const desk = makeDesk({
    handlers: handlersFor(world),
    verbs: verbsFor(world),
    people: world.people,
    inbox: world.store.inbox,
    log: world.log,
    nudge: () => {},
  });
  return {
    desk,
    /** Types a command, words separated by spaces. */
    say({ id }: Person, typed: string): Promise<Reply> {
      const [verb = '', ...words] = typed.split(' ');
      return desk.command({ account: account(id), delivery: randomUUID(), verb, words });
    },
    press({ id }: Person, action: string, subject: string, seenRev: number, answer?: string): Promise<Reply> {
      const given = answer === undefined ? {} : { answer };
      return desk.press({ account: account(id), delivery: randomUUID(), action, subject, seenRev, ...given });
    },
    suggest: ({ id }: Person, verb: string, option: string, typed: string) =>
      desk.suggest(account(id), verb, option, typed),
  };
}
