/** `/patch add` in Slack, from the typed command to the catalog: real bolt, real desk, real database. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Desk } from '../../../bot/handlers/press.ts';
import type { View } from '../../fakes/slack/index.ts';
import { accepted, catalogDesk, filled } from '../handlers/catalog-desk.ts';
import { ann, connectedTo, bob as sam, ways } from './start.ts';

const account = ({ team: workspace, user }: typeof ann) => ({ platform: 'slack' as const, workspace, user });

describe.each(ways)('the form of add over %s', (way) => {
  let catalog: Awaited<ReturnType<typeof catalogDesk>>;
  let app: Awaited<ReturnType<typeof connectedTo>>;
  beforeAll(async () => {
    catalog = await catalogDesk(account(sam), account(ann));
    app = await connectedTo(catalog.desk, way, { ackMs: 3000 });
  });
  beforeEach(() => {
    app.slack.state.messages.length = 0;
    app.slack.state.views.clear();
  });
  afterAll(async () => {
    await app.stop();
    await catalog.close();
  });

  const told = (user: string) => app.slack.whispers(user).map(({ text }) => text);
  /** The form that is open; a test fails here when none is. */
  const openForm = (): Promise<View> =>
    vi.waitFor(() => {
      const [view] = app.slack.state.views.values();
      if (!view) throw new Error('no form is open');
      return view;
    });
  async function formOf(typed: string): Promise<View> {
    await app.slack.slash(sam, typed);
    return openForm();
  }
  const fieldsOf = (view: View) =>
    view.blocks.map(({ block_id, element }) => [block_id, element?.initial_value ?? element?.initial_option?.value]);

  it('opens when the words are missing, with those that were typed', async () => {
    const view = await formOf('add ACME-2026-9 debian:12 acme-agent 1.1 moderate');
    expect(view.title?.text).toBe('Add an advisory');
    expect(fieldsOf(view)).toEqual([
      ['id', 'ACME-2026-9'],
      ['release', 'debian:12'],
      ['package', 'acme-agent'],
      ['fixed', '1.1'],
      ['severity', 'moderate'],
      ['cves', undefined],
      ['title', undefined],
    ]);
    expect(told('U2')).toEqual([]);
  });

  it('shows a no beside its field and stores nothing; corrected, it is in the catalog', async () => {
    const view = await formOf('add');
    const release = { ...filled, id: 'ACME-2026-2', release: 'debain:12' };
    const wrong = await app.slack.submit(sam, view, release);
    expect(wrong.body).toEqual({
      response_action: 'errors',
      errors: { release: 'release is "debain:12": write a distribution and its version, such as debian:12.' },
    });
    expect([await catalog.entered('ACME-2026-2'), await catalog.told('ACME-2026-2')]).toEqual([[], 0]);
    await app.slack.submit(sam, view, { ...release, release: 'debian:12', cves: '' });
    expect(app.slack.state.views.size).toBe(0);
    expect(await catalog.entered('ACME-2026-2')).toMatchObject([{ severity: 'critical', cves: [] }]);
    await expect.poll(() => told('U2')).toEqual([accepted.replace('2026-1', '2026-2')]);
  });

  it('sent twice adds one, and says the same', async () => {
    const view = await formOf('add');
    const [id, before] = ['ACME-2026-3', catalog.matched()];
    const sent = await app.slack.submit(sam, view, { ...filled, id });
    expect(sent.acked).toBe(true);
    expect((await sent.again()).acked).toBe(true);
    expect(await catalog.entered(id)).toHaveLength(1);
    expect([await catalog.told(id), catalog.matched() - before]).toEqual([1, 1]);
    const sentence = accepted.replace('2026-1', '2026-3');
    await expect.poll(() => told('U2')).toEqual([sentence, sentence]);
  });

  it('is not opened for somebody who may not add', async () => {
    await app.slack.slash(ann, 'add');
    await expect.poll(() => told('U1')).toEqual(['⚠️ You need the role operator for this. You have: approver.']);
    expect(app.slack.state.views.size).toBe(0);
  });

  it('stays with all that was typed, and the sentence on top, when the no belongs to no field', async () => {
    const view = await formOf('add');
    const id = 'ACME-2026-4';
    await app.slack.submit(ann, view, { ...filled, id }); // as if the role were taken away while the form was open
    const again = await openForm();
    expect(again.blocks[0]?.text?.text).toBe('⚠️ You need the role operator for this. You have: approver.');
    expect(Object.fromEntries(fieldsOf(again))).toEqual({
      ...filled,
      id,
      [String(again.blocks[0]?.block_id)]: undefined,
    });
    expect(await catalog.entered(id)).toEqual([]);
    await app.slack.submit(sam, again, {});
    expect(await catalog.entered(id)).toHaveLength(1);
  });

  it('is not needed by who types the whole line', async () => {
    await app.slack.slash(sam, `add ${Object.values({ ...filled, id: 'ACME-2026-5' }).join(' ')}`);
    await expect.poll(() => told('U2')).toEqual([accepted.replace('2026-1', '2026-5')]);
    expect(app.slack.state.views.size).toBe(0);
  });

  it('says so when Slack did not open it', async () => {
    app.slack.fail('views.open', { kind: 'error', error: 'expired_trigger_id' });
    await app.slack.slash(sam, 'add');
    await expect.poll(() => told('U2')).toEqual(['⚠️ Slack was too slow to open the form: send the command again.']);
  });
});

it('closes when the desk needs longer than Slack waits, and a no comes as a message with the command to send again', async () => {
  const catalog = await catalogDesk(account(sam), account(ann));
  let decide = () => {};
  const held = new Promise<void>((resolve) => {
    decide = resolve;
  });
  const command: Desk['command'] = async (call) => {
    await held;
    return catalog.desk.command(call);
  };
  const app = await connectedTo({ ...catalog.desk, command }, 'signed HTTP', { ackMs: 3000 });
  await app.slack.slash(sam, 'add');
  await expect.poll(() => app.slack.state.views.size).toBe(1);
  const [view] = app.slack.state.views.values();
  const sent = view && (await app.slack.submit(sam, view, { ...filled, release: 'debain:12' }));
  expect([sent?.acked, app.slack.state.views.size]).toEqual([true, 0]);
  decide();
  await expect
    .poll(() => app.slack.whispers('U2').at(-1)?.text)
    .toBe(
      '⚠️ release is "debain:12": write a distribution and its version, such as debian:12.\n' +
        `To send it again: /patch add ${Object.values({ ...filled, release: 'debain:12' }).join(' ')}`,
    );
  await app.stop();
  await catalog.close();
});
