import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outdated } from '../../domain/flows/intel-world.ts';
import { type FlowWorld, flowDatabase, olive, riley, sam } from '../../domain/flows/world.ts';
import { person } from '../../domain/make.ts';
import { deskFor, linked } from './verbs.ts';

let db: Awaited<ReturnType<typeof flowDatabase>>;
beforeAll(async () => {
  db = await flowDatabase();
});
afterAll(() => db.close());

const ann = person('ann', ['approver']);
const world = (): FlowWorld => db.world({ people: [riley, sam, olive, ann].map(linked) });

describe('workaround add, list and end', () => {
  it('lead from the note to its end', async () => {
    const { say, suggest } = deskFor(world());
    const added = await say(sam, 'workaround add cve-2026-1001 30d Port 8080 is closed. proof: TICKET-12');
    const [, id = ''] =
      /^Noted as (m-[0-9a-f]{10}), and Sam answers for it\. The due date of CVE-2026-1001 stays\.$/.exec(added.text) ??
      [];
    expect(id).not.toBe('');
    expect(await say(olive, 'workaround list')).toMatchObject({
      card: {
        status: '1 active',
        list: {
          items: [
            [
              `${id}: CVE-2026-1001. Until `,
              { at: Date.parse('2026-12-23T12:00:00Z') },
              ' by Sam: Port 8080 is closed. (TICKET-12)',
            ],
          ],
        },
      },
    });
    expect(await suggest(sam, 'workaround end', 'workaround', 'm-')).toEqual([id]);
    expect(await say(sam, `workaround end ${id} It was in the way.`)).toEqual({
      ok: true,
      text: 'Ended: the workaround for CVE-2026-1001.',
    });
    expect(await say(olive, 'workaround list')).toMatchObject({ card: { status: '0 active', list: { items: [] } } });
    expect(await say(sam, `workaround end ${id} Again.`)).toEqual({
      ok: false,
      text: 'That is not possible: this workaround is ended.',
    });
  });

  it('may be about a package', async () => {
    const here = world();
    await outdated(here, ['web-1']);
    expect((await deskFor(here).say(sam, 'workaround add acme-agent 2026-12-20 The agent is stopped.')).text).toContain(
      'The due date of acme-agent 1.1 stays.',
    );
  });

  it.each([
    [
      'workaround add CVE-2026-1001 forever Closed.',
      'until is "forever": say a day such as 2026-12-20, or a number of days such as 30d: at most 180 days from now.',
    ],
    ['workaround add nothing 30d Closed.', 'I do not know a patch named "nothing".'],
    [
      'workaround end m-none Done.',
      'I do not know a workaround named "m-none". Run workaround list to see all of them.',
    ],
    [
      'workaround add CVE-2026-1001 30d',
      'workaround add needs text: What is done; "proof: ..." at the end shows it. Usage: workaround add <subject> <until> <text>',
    ],
  ])('"%s" is refused in a sentence', async (typed, text) => {
    expect(await deskFor(world()).say(sam, typed)).toMatchObject({ ok: false, text });
  });

  it('are for operators, the list is for everybody who may look', async () => {
    const { say } = deskFor(world());
    expect((await say(ann, 'workaround add CVE-2026-1001 30d Closed.')).text).toContain('role operator');
    expect((await say(ann, 'workaround end m-1 Done.')).text).toContain('role operator');
    expect((await say(olive, 'workaround list')).ok).toBe(true);
  });
});
