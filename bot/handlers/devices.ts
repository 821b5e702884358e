/** One device: defer it, roll it back, scan it, show it. */
import { type Card, line } from '../../domain/cards/card.ts';
import { changes } from '../../domain/cards/words.ts';
import { deferDevice, findDeployment, rollBack, unblock } from '../../domain/flows/device-verbs.ts';
import { lifecycleOf, supportWords } from '../../domain/flows/lifecycle.ts';
import { deviceByName } from '../../domain/flows/views.ts';
import type { Deployment } from '../../domain/model/deployment.ts';
import type { Device } from '../../domain/model/device.ts';
import type { DeploymentId } from '../../domain/model/ids.ts';
import type { World } from '../../domain/ports.ts';
import { done, type PressHandler, type Reply, refused, type Verb } from './press.ts';

/** What has to be typed before a rollback: names the device, so that it cannot be the wrong one. */
const phraseFor = ({ name }: Deployment): string => `roll back ${name}`;

/** The buttons. */
export const deviceHandlers = (world: World): readonly PressHandler[] => [
  {
    action: 'deployment.defer',
    role: null,
    async handle({ subject, by, seenRev }) {
      const put = await deferDevice(world, subject as DeploymentId, by, seenRev);
      if (!put.ok) return refused(put.error);
      const { used, max, until } = put.value.deferral;
      const card = line('Deferred', 'plain', `${used} of ${max} used`, [
        'Not before ',
        { at: until?.getTime() ?? 0 },
        '.',
      ]);
      return done('Deferred to the next window.', card);
    },
  },
  {
    action: 'deployment.roll-back',
    role: 'oncall',
    async handle({ subject, by, answer }) {
      const found = await world.deployments.get(subject as DeploymentId);
      if (!found) return refused({ code: 'deployment.unknown', device: subject, patch: 'that patch' });
      const phrase = phraseFor(found);
      if (answer?.trim() !== phrase) return refused({ code: 'phrase.wrong', phrase });
      const started = await rollBack(world, found.id, by);
      return started.ok ? done(`Rolling back ${found.name}. The result comes to the thread.`) : refused(started.error);
    },
  },
];

/** The verbs about devices. */
export const deviceVerbs = (world: World): readonly Verb[] => {
  const names = async (typed: string) =>
    (await world.devices.find({ retired: false }, 1000))
      .map(({ name }) => name)
      .filter((name) => name.startsWith(typed));
  const device = { name: 'device', description: 'Name of the device', required: true, suggests: true };
  const patch = { name: 'patch', description: 'Package name, or patch id', required: true, suggests: false };
  return [
    {
      name: 'rollback',
      summary: 'Take one patch on one device back to the version before',
      options: [device, patch],
      role: 'oncall',
      async run({ options }): Promise<Reply> {
        const found = await findDeployment(world, options['device'] ?? '', options['patch'] ?? '');
        if (!found.ok) return refused(found.error);
        if (found.value.state !== 'succeeded') {
          return refused({ code: 'deployment.no-such-move', device: found.value.name, state: found.value.state });
        }
        return done('Look twice: this changes the device.', rollbackCard(found.value));
      },
      suggest: (option, typed) => (option === 'device' ? names(typed) : Promise.resolve([])),
    },
    {
      name: 'unblock',
      summary: 'Offer a patch again that failed or was rolled back on a device',
      options: [device, patch],
      role: 'operator',
      async run({ by, options }): Promise<Reply> {
        const found = await findDeployment(world, options['device'] ?? '', options['patch'] ?? '');
        if (!found.ok) return refused(found.error);
        const lifted = await unblock(world, found.value.device, found.value.patch, by);
        return lifted.ok ? done(`${found.value.name} is offered ${found.value.patch} again.`) : refused(lifted.error);
      },
      suggest: (option, typed) => (option === 'device' ? names(typed) : Promise.resolve([])),
    },
    {
      name: 'scan',
      summary: 'Visit a device now and see what it misses',
      options: [device],
      role: 'operator',
      async run({ options }): Promise<Reply> {
        const found = await deviceByName(world, options['device'] ?? '');
        if (!found) return refused({ code: 'device.unknown', name: options['device'] ?? '' });
        await world.queue.scan(found.id);
        return done(`Scanning ${found.name}.`);
      },
      suggest: (_, typed) => names(typed),
    },
    {
      name: 'device list',
      summary: 'All devices, and when each was seen last',
      options: [],
      role: 'viewer',
      run: async () => done('Devices', listCard(await world.devices.find({ retired: false }))),
    },
    {
      name: 'device show',
      summary: 'What patchherd knows about one device',
      options: [device],
      role: 'viewer',
      async run({ options }): Promise<Reply> {
        const found = await deviceByName(world, options['device'] ?? '');
        return found
          ? done(found.name, await showCard(world, found))
          : refused({ code: 'device.unknown', name: options['device'] ?? '' });
      },
      suggest: (_, typed) => names(typed),
    },
  ];
};

function rollbackCard(deployment: Deployment): Card {
  const { id, rev, name, transaction } = deployment;
  const back = transaction.map((item) => ({ ...item, from: item.to, to: item.from }));
  const asks = { title: `Roll back ${name}`, label: `Type: ${phraseFor(deployment)}`, phrase: phraseFor(deployment) };
  return {
    ...line(`Roll back ${name}?`, 'bad', 'Needs the typed phrase', changes(back)),
    buttons: [{ action: 'deployment.roll-back', subject: id, rev, label: 'Roll back', tone: 'bad', asks }],
  };
}

function listCard(devices: readonly Device[]): Card {
  const items = devices.map(({ name, lastScan, facts }) => {
    if (lastScan?.problem) return `${name}: ${lastScan.problem.text}`;
    if (!facts) return `${name}: not scanned yet`;
    return [`${name}: ${facts.os.id} ${facts.os.version}, seen `, { at: facts.scannedAt.getTime() }];
  });
  return {
    title: 'Devices',
    tone: 'plain',
    status: `${devices.length} in all`,
    facts: [],
    list: { title: 'By name', items, more: 0 },
    buttons: [],
  };
}

async function showCard(world: World, device: Device): Promise<Card> {
  const { facts, lastScan } = device;
  const support = facts ? supportWords(await lifecycleOf(world, facts.os), world.clock.now()) : null;
  const all = await world.applicabilities.find({ device: device.id });
  const open = all.filter(({ state }) => state !== 'installed' && state !== 'not-applicable');
  const owner = device.owner ? (world.people.byId(device.owner)?.name ?? device.owner) : 'nobody';
  return {
    title: device.name,
    tone: lastScan?.problem ? 'bad' : 'plain',
    status: lastScan?.problem ? lastScan.problem.text : facts ? 'Reachable' : 'Not scanned yet',
    facts: [
      { label: 'Address', value: `${device.user}@${device.address}:${device.port}` },
      { label: 'Groups', value: device.groups.join(', ') || 'none' },
      { label: 'Criticality', value: device.criticality ?? 'normal (assumed)' },
      { label: 'Exposure', value: device.exposure ?? 'internet (assumed)' },
      { label: 'Owner', value: owner },
      ...(facts
        ? [
            { label: 'System', value: `${facts.os.id} ${facts.os.version}, ${facts.kernel}` },
            ...(support ? [{ label: 'Fixes from its vendor', value: support }] : []),
            { label: 'Seen', value: [{ at: facts.scannedAt.getTime() }] },
            { label: 'Reboot needed', value: facts.rebootRequired ? facts.rebootBecause.join(', ') || 'yes' : 'no' },
            { label: 'Health', value: facts.health.ok ? 'fine' : facts.health.failed.join(', ') },
          ]
        : []),
    ],
    list: {
      title: 'Patches',
      items: open.map(({ patch, state, because }) => `${patch}: ${state}${because ? ` (${because})` : ''}`),
      more: 0,
    },
    buttons: [],
  };
}
