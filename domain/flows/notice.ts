/** Tells the channel something in a message of its own, once: the same id again edits that message. */
import type { AuditEvent } from '../model/audit.ts';
import type { Notice, NoticeWords } from '../model/notice.ts';
import { canonical } from '../model/plan.ts';
import { ok } from '../model/result.ts';
import type { World } from '../ports.ts';
import { said, update } from './say.ts';

/** Says it. `because` is the audit event; it is written only when there is something new to say. Safe to repeat. */
export async function notify(
  world: Pick<World, 'notices' | 'tenant' | 'clock'>,
  words: NoticeWords,
  because: AuditEvent,
): Promise<void> {
  const first: Notice = { ...words, tenant: world.tenant, rev: 1, at: world.clock.now() };
  if (await world.notices.insert(first, said(because))) return;
  await update(world.notices, words.id, null, (now) => {
    if (canonical(wordsOf(now)) === canonical(words)) return ok({ next: now, said: { events: [] } });
    return ok({ next: { ...now, ...words, rev: now.rev + 1, at: world.clock.now() }, said: said(because) });
  });
}

const wordsOf = ({ rev: _rev, tenant: _tenant, at: _at, ...words }: Notice): NoticeWords => words;
