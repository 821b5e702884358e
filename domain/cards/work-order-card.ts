/** The card of a work order: whose it is, what went wrong, and the end of the log. */
import type { WorkOrder } from '../model/work-order.ts';
import type { Card, CardButton } from './card.ts';
import { names } from './words.ts';

const logLines = 8;

/** Drawn in the thread of the proposal. */
export function workOrderCard(order: WorkOrder): Card {
  const { state, title, text, devices, assignee, log, id, openedAt, changedBy } = order;
  const tail = log
    .split('\n')
    .filter((one) => one.trim() !== '')
    .slice(-logLines);
  const over = state === 'resolved' || state === 'closed' || state === 'withdrawn';
  return {
    title: `Work order: ${title}`,
    tone: over ? 'plain' : 'bad',
    status: changedBy ? `${state} by ${changedBy}` : state,
    summary: text,
    facts: [
      {
        label: 'Devices',
        value: names(
          devices.map(({ name }) => name),
          6,
        ),
      },
      { label: 'Assigned to', value: assignee?.name ?? 'nobody yet' },
      { label: 'Opened', value: [{ at: openedAt.getTime() }] },
    ],
    ...(tail.length > 0 ? { list: { title: 'End of the log', items: tail, more: 0 } } : {}),
    note: id,
    buttons: buttonsOf(order),
  };
}

function buttonsOf({ id, rev, state, devices }: WorkOrder): readonly CardButton[] {
  const about = { subject: id, rev };
  const claim: CardButton = { action: 'work-order.claim', ...about, label: 'Claim', tone: 'good' };
  const resolve: CardButton = { action: 'work-order.resolve', ...about, label: 'Resolved', tone: 'good' };
  const release: CardButton = { action: 'work-order.release', ...about, label: 'Give back', tone: 'plain' };
  const sure = `Starts the deployment again, or offers the patch again where it was rolled back: on ${names(
    devices.map(({ name }) => name),
    6,
  )}.`;
  const again: CardButton = { action: 'work-order.retry', ...about, label: 'Try again', tone: 'plain', confirm: sure };
  if (state === 'open') return [claim];
  if (state === 'claimed' || state === 'waiting') return [resolve, again, release];
  return state === 'resolved' ? [{ action: 'work-order.reopen', ...about, label: 'Open again', tone: 'plain' }] : [];
}
