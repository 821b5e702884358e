import { expect, it, vi } from 'vitest';
import { slackPage } from '../../fakes/slack/page.ts';
import { approval, threadLine } from './cards.ts';
import { ann, connected } from './start.ts';

it('the page shows cards, their threads and an open form as a reader in Madrid sees them, and marks no foreign markup', async () => {
  const app = await connected('signed HTTP');
  const of = await app.messenger.post({ kind: 'channel', channel: 'C1' }, approval, 'k');
  await app.messenger.post({ kind: 'thread', of }, { ...threadLine, summary: '<!channel> *now*' }, 'k/1');
  const [card] = app.slack.seen('C1');
  if (card) await app.slack.click(ann, card, 'proposal.deny');
  await vi.waitFor(() => expect(app.slack.state.views.size).toBe(1));
  const [view] = app.slack.state.views.values();
  const page = slackPage(app.slack.seen('C1'), { zone: 'Europe/Madrid', ...(view ? { view } : {}) });
  await app.stop();
  expect(page).toContain('<time>Nov 24, 2026 03:00</time>, 4 h');
  expect(page).toContain('<button class="primary" aria-label="Approve: openssl');
  expect(page).toMatch(/class="thread">.*&lt;!channel&gt; ∗now\*/s);
  expect(page).toContain('<h2>Deny this patch</h2>');
  expect(page).not.toContain('<mark>');
});
