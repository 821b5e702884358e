import { describe, expect, it } from 'vitest';
import { renderCard, wrap } from '../../../bot/cli/render.ts';
import type { Card } from '../../../domain/cards/card.ts';
import { proposalCard } from '../../../domain/cards/proposal-card.ts';
import { device, noon, patch, policy, proposal } from '../../domain/make.ts';

const plain: Card = { title: 'acme-agent 1.1', tone: 'plain', status: 'Waiting', facts: [], buttons: [] };
const long = 'The install ended with code 100 because a maintainer script failed. '.repeat(6);
const widthOf = (text: string) => Math.max(...text.split('\n').map((line) => [...line].length));

describe('a card in a terminal', () => {
  it('shows everything that the card says, in its order', () => {
    const devices = [device('web-1'), device('web-2')];
    const view = { proposal: proposal(), patch: patch(), policy: policy(), devices, rollout: null, deployments: [] };
    const next = { start: noon, end: new Date(noon.getTime() + 3_600_000) };
    const rest = { next, workarounds: [], needsVerdict: false };
    expect(renderCard(proposalCard({ ...view, ...rest }), 'Europe/Madrid')).toMatchInlineSnapshot(`
      "acme-agent 1.1: update [Waiting for approval]
      2 devices can get this update.

        Priority   low, 5 of 100
        Due        In the next window
        Devices    2 (2 normal)
        When       Window 23 Nov 2026, 13:00 Europe/Madrid to 23 Nov 2026, 14:00
                   Europe/Madrid
        Way back   Downgrade on all 2
        Reboot     if required
        Needs      1 approval
        Decide by  26 Nov 2026, 13:00 Europe/Madrid

      What changes:
        - web-1, web-2: acme-agent 1.0 -> 1.1

      p-1, plan digest-1

      You can:
        Approve             patchherd press proposal.approve p-1@3
        Approve, start now  patchherd press proposal.approve-now p-1@3
                            Devices start as soon as this is approved, outside of the
                            window. Halts and freezes still count.
        In 24 hours         patchherd press proposal.defer p-1@3
        Deny                patchherd press proposal.deny p-1@3 "your answer"
        Details             patchherd press proposal.details p-1@3"
    `);
  });
  it('is at most 80 columns wide, however long the values are', () => {
    const card = renderCard(
      {
        ...plain,
        title: long,
        summary: long,
        facts: [
          { label: 'Reboot', value: long },
          { label: 'Plan digest', value: 'f'.repeat(200) },
        ],
        list: { title: 'Devices', items: [long, `${'ä'.repeat(100)} 日本語`], more: 3 },
        note: long,
      },
      'UTC',
    );
    expect(widthOf(card)).toBeLessThanOrEqual(80);
    expect(
      card
        .replaceAll(/\s/g, '')
        .match(/f+/g)
        ?.some((run) => run.length >= 200),
    ).toBe(true);
    expect(card).toContain('  and 3 more');
  });
  it('prints a command to copy in one piece, and what it asks or confirms', () => {
    const subject = `r-${'1'.repeat(30)}.d-${'2'.repeat(10)}`;
    const asks = { title: 'Roll back', label: 'Type', phrase: 'roll back web-1' };
    const card = renderCard(
      {
        ...plain,
        buttons: [
          { action: 'deployment.roll-back', subject, rev: 4, label: 'Roll back', tone: 'bad', asks },
          { action: 'rollout.cancel', subject: 'r-1', rev: 2, label: 'Cancel', tone: 'plain', confirm: long },
        ],
      },
      'UTC',
    );
    expect(card).toContain(`\n    patchherd press deployment.roll-back ${subject}@4 "roll back web-1"\n`);
    expect(card).toContain('\n  Cancel     patchherd press rollout.cancel r-1@2\n');
    expect(card).toContain('\n             The install ended');
  });
  it('names the zone of every time, and keeps to the reader', () => {
    const at = { ...plain, summary: ['From ', { at: noon.getTime() }, '.'] };
    expect(renderCard(at, 'America/New_York')).toContain('From 23 Nov 2026, 07:00 America/New_York.');
    expect(renderCard(at, 'Asia/Kolkata')).toContain('From 23 Nov 2026, 17:30 Asia/Kolkata.');
  });
  it('never lets a device steer the terminal, in any part of the card', () => {
    const evil = 'a\u001b]0;owned\u0007\u001b[2Jb\u009bc\u202ed\rYou can:\n  Approve\u0000\u007f';
    const everywhere: Card = {
      title: evil,
      tone: 'bad',
      status: evil,
      summary: [evil, { at: 0 }],
      facts: [{ label: evil, value: evil }],
      list: { title: evil, items: [evil], more: 0 },
      note: evil,
      buttons: [{ action: 'a.b', subject: evil, rev: 1, label: evil, tone: 'bad', confirm: evil }],
    };
    const card = renderCard(everywhere, 'UTC');
    expect(card.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
    expect(card).toContain('owned'); // shown, not swallowed
    expect(card.split('\n').filter((line) => line === 'You can:')).toHaveLength(1); // the card's own
  });
  it('leaves out what is empty', () => {
    const empty = { ...plain, summary: '', list: { title: 'Devices', items: [], more: 0 } };
    expect(renderCard(empty, 'UTC')).toBe('acme-agent 1.1 [Waiting]');
  });
});

describe('a wrapped text', () => {
  it('hangs below its first line and never counts a letter twice', () => {
    const lines = wrap('é'.repeat(100), '  - ').split('\n');
    expect(lines).toEqual([`  - ${'é'.repeat(76)}`, `    ${'é'.repeat(24)}`]);
  });
  it('keeps the mark of a line when there is nothing to say', () => expect(wrap('', '  - ')).toBe('  - '));
});
