/** The buttons and verbs of work orders. */
import { workOrderCard } from '../../domain/cards/work-order-card.ts';
import { explain, type Refusal } from '../../domain/errors.ts';
import { retry, unblock } from '../../domain/flows/device-verbs.ts';
import { moveOrder } from '../../domain/flows/work-orders.ts';
import type { WorkOrderId } from '../../domain/model/ids.ts';
import type { Person } from '../../domain/model/people.ts';
import { ok, type Result } from '../../domain/model/result.ts';
import type { WorkOrder, WorkOrderVerb } from '../../domain/model/work-order.ts';
import type { World } from '../../domain/ports.ts';
import { done, type PressHandler, type Reply, refused, type Verb } from './press.ts';

const said: Partial<Record<WorkOrderVerb, string>> = {
  claim: 'It is yours.',
  resolve: 'Resolved. It closes when a scan proves it.',
  release: 'Given back.',
  reopen: 'Open again.',
};

async function move(world: World, id: string, verb: WorkOrderVerb, by: Person): Promise<Reply> {
  const moved = await moveOrder(world, id as WorkOrderId, verb, by);
  return moved.ok ? done(said[verb] ?? 'Done.') : refused(moved.error);
}

const button = (world: World, verb: WorkOrderVerb): PressHandler => ({
  action: `work-order.${verb}`,
  role: 'operator',
  handle: ({ subject, by }) => move(world, subject, verb, by),
});

/** A failed deployment starts again; one that was rolled back is over, so its device is offered the patch again. Gives the name. */
async function tryAgain(
  world: World,
  { patch }: WorkOrder,
  { device, deployment, name }: WorkOrder['devices'][number],
  by: Person,
): Promise<Result<string, Refusal>> {
  const { state } = (await world.deployments.get(deployment)) ?? {};
  const again = state === 'rolled-back' ? await unblock(world, device, patch, by) : await retry(world, deployment, by);
  return again.ok ? ok(name) : again;
}

/** The buttons. */
export const workOrderHandlers = (world: World): readonly PressHandler[] => [
  button(world, 'claim'),
  button(world, 'resolve'),
  button(world, 'release'),
  button(world, 'reopen'),
  {
    action: 'work-order.retry',
    role: 'operator',
    async handle({ subject, by }) {
      const order = await world.workOrders.get(subject as WorkOrderId);
      if (!order) return refused({ code: 'work-order.unknown', subject });
      const results = await Promise.all(order.devices.map((entry) => tryAgain(world, order, entry, by)));
      const started = results.flatMap((result) => (result.ok ? [result.value] : []));
      const refusals = results.flatMap((result) => (result.ok ? [] : [explain(result.error)]));
      if (started.length === 0) return { ok: false, text: refusals.join(' ') };
      return done([`Trying again on ${started.join(', ')}.`, ...refusals].join(' '));
    },
  },
];

/** The verbs `wo list`, `wo show` and `wo claim`. */
export const workOrderVerbs = (world: World): readonly Verb[] => {
  const living = () => world.workOrders.find({ state: { in: ['open', 'claimed', 'waiting', 'resolved'] } });
  const option = { name: 'order', description: 'Id of the work order', required: true, suggests: true };
  const ids = async (_: string, typed: string) =>
    (await living()).map(({ id }) => id).filter((id) => id.startsWith(typed));
  return [
    {
      name: 'wo list',
      summary: 'Work orders that are not closed',
      options: [],
      role: 'viewer',
      run: async () => done('Work orders', listCard(await living())),
    },
    {
      name: 'wo show',
      summary: 'One work order with its buttons',
      options: [option],
      role: 'viewer',
      async run({ options }): Promise<Reply> {
        const order = await world.workOrders.get((options['order'] ?? '') as WorkOrderId);
        return order
          ? done(order.title, workOrderCard(order))
          : refused({ code: 'work-order.unknown', subject: options['order'] ?? '' });
      },
      suggest: ids,
    },
    {
      name: 'wo claim',
      summary: 'Take a work order over',
      options: [option],
      role: 'operator',
      run: ({ by, options }) => move(world, options['order'] ?? '', 'claim', by),
      suggest: ids,
    },
  ];
};

const listCard = (orders: readonly WorkOrder[]) => ({
  title: 'Work orders',
  tone: 'plain' as const,
  status: `${orders.length} not closed`,
  facts: [],
  list: {
    title: 'Oldest first',
    items: orders.map(({ id, title, state, assignee, devices }) => {
      const on = devices.map(({ name }) => name).join(', ');
      return `${id}: ${title} on ${on}. ${state}, ${assignee?.name ?? 'nobody'}`;
    }),
    more: 0,
  },
  buttons: [],
});
