import { afterEach, describe, expect, it } from 'vitest';
import type { DeviceId } from '../../../domain/model/ids.ts';
import type { SshLimits } from '../../../workers/remote/limits.ts';
import { sshDevices } from '../../../workers/remote/ssh.ts';
import { fingerprintOfText, listeningLog, newKey } from './devices.ts';
import { finish, startSshServer, startTcpServer, type TestServer } from './ssh-server.ts';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of cleanUp.splice(0).reverse()) await stop();
});

async function fleet(behaviour: Parameters<typeof startSshServer>[0] = {}, limits: Partial<SshLimits> = {}) {
  const far = await startSshServer(behaviour);
  const log = listeningLog();
  const devices = sshDevices({ credentials: () => ({ kind: 'password', password: 'x' }), limits, log });
  cleanUp.push(
    () => far.stop(),
    () => devices.close(),
  );
  return { far, devices, log };
}
const patient = { timeoutMs: 10_000 };
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
const openSockets = (far: TestServer, count: number) => until(() => far.open === count);

describe('the pool', () => {
  it('does 10 runs on one connection', async () => {
    const { far, devices } = await fleet();
    for (let n = 0; n < 10; n++) {
      const session = await devices.open(far.device());
      expect(await session.run({ argv: ['true'] }, patient)).toMatchObject({ kind: 'exited', code: 0 });
    }
    expect(far.connections).toBe(1);
  });

  it('connects once for callers that ask at the same time', async () => {
    const { far, devices } = await fleet();
    await Promise.all(Array.from({ length: 20 }, () => devices.open(far.device())));
    expect(far.connections).toBe(1);
  });

  it('tells all callers that ask at the same time of the same failure, and tries anew afterwards', async () => {
    let refuse = true;
    const { far, devices } = await fleet({ login: () => !refuse });
    const asked = await Promise.allSettled(Array.from({ length: 5 }, () => devices.open(far.device())));
    expect(asked.map((result) => result.status === 'rejected' && result.reason.code)).toEqual(
      Array(5).fill('device.auth'),
    );
    expect(far.connections).toBe(1);
    refuse = false;
    await devices.open(far.device());
    expect(far.connections).toBe(2);
  });

  it('runs 5 commands at once on one connection, and the others after them', async () => {
    const { far, devices } = await fleet({
      maxSessions: 10,
      exec: (_command, channel) => void setTimeout(() => finish(channel, 0), 20),
    });
    const session = await devices.open(far.device());
    const outcomes = await Promise.all(Array.from({ length: 30 }, () => session.run({ argv: ['x'] }, patient)));
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(Array(30).fill('exited'));
    expect([far.most, far.connections]).toEqual([5, 1]);
  });

  it('never starts a run whose time was up while it waited', async () => {
    const held: (() => void)[] = [];
    const { far, devices } = await fleet(
      { exec: (_c, channel) => void held.push(() => finish(channel, 0)) },
      { runs: 1 },
    );
    const session = await devices.open(far.device());
    const first = session.run({ argv: ['first'] }, patient);
    expect(await session.run({ argv: ['late'] }, { timeoutMs: 50 })).toMatchObject({ because: 'timed-out' });
    const third = session.run({ argv: ['third'] }, patient);
    await until(() => held.length === 1);
    held[0]?.();
    await until(() => held.length === 2);
    held[1]?.();
    expect([await first, await third]).toMatchObject([{ kind: 'exited' }, { kind: 'exited' }]);
    expect(far.commands).toEqual(["exec 'first'", "exec 'third'"]);
  });

  it('makes a new connection when the record asks for another login or accepts other keys', async () => {
    const { far, devices } = await fleet();
    await devices.open(far.device());
    await devices.open(far.device({ user: 'somebody' }));
    expect(far.connections).toBe(2);
    const withdrawn = far.device({ user: 'somebody', hostKeys: [fingerprintOfText(newKey().public)] });
    await expect(devices.open(withdrawn)).rejects.toMatchObject({ code: 'device.host-key' });
    await openSockets(far, 0);
  });

  it('notices a connection that the device dropped in the meantime, and logs it', async () => {
    const { far, devices, log } = await fleet();
    await devices.open(far.device());
    far.cut();
    await until(() => log.events.includes('device.connection-lost'));
    await devices.open(far.device());
    expect(far.connections).toBe(2);
  });

  it('gives up a connection that no longer answers', async () => {
    const { far, devices } = await fleet({ exec: () => {} }, { keepaliveMs: 30 });
    const session = await devices.open(far.device());
    far.freeze();
    expect(await session.run({ argv: ['x'] }, patient)).toMatchObject({ kind: 'unknown', because: 'lost' });
  });

  it('closes what nobody used for a while, but nothing that works', async () => {
    const { far, devices } = await fleet(
      { exec: (_command, channel) => void setTimeout(() => finish(channel, 0), 200) },
      { idleMs: 50 },
    );
    const session = await devices.open(far.device());
    expect(await session.run({ argv: ['x'] }, patient)).toMatchObject({ kind: 'exited' });
    await openSockets(far, 0);
    expect(far.connections).toBe(1);
  });

  it('makes room by closing the connection that is idle for longest', async () => {
    const { far, devices } = await fleet({}, { connections: 2 });
    const [a, b, c] = ['a', 'b', 'c'].map((id) => far.device({ id: id as DeviceId }));
    if (!a || !b || !c) throw new Error('three devices');
    for (const device of [a, b, a, c]) await devices.open(device);
    await openSockets(far, 2);
    await devices.open(a);
    expect(far.connections).toBe(3);
    await devices.open(b);
    expect(far.connections).toBe(4);
  });

  it('forgets one device at once', async () => {
    const { far, devices } = await fleet();
    const session = await devices.open(far.device());
    devices.forget(far.device());
    expect(await session.run({ argv: ['x'] }, patient)).toMatchObject({ kind: 'unknown', because: 'lost' });
    await openSockets(far, 0);
    await devices.open(far.device());
    expect(far.connections).toBe(2);
  });
});

describe('closing', () => {
  const handles = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

  it('leaves no socket and no timer, ends runs as lost, and refuses new visits', async () => {
    const { far, devices } = await fleet({ exec: () => {} });
    const session = await devices.open(far.device());
    const run = session.run({ argv: ['x'] }, patient);
    await until(() => far.commands.length === 1);
    await devices.close();
    expect(await run).toMatchObject({ kind: 'unknown', because: 'lost' });
    await expect(devices.open(far.device())).rejects.toMatchObject({ code: 'device.unreachable', retryable: true });
    await openSockets(far, 0);
    await until(() => handles() === 0);
  });

  it('does not wait for a device that never answers', async () => {
    const silent = await startTcpServer(() => {});
    cleanUp.push(() => silent.stop());
    const { far, devices } = await fleet();
    const opening = devices.open(far.device({ port: silent.port }));
    const refused = expect(opening).rejects.toMatchObject({ code: 'device.unreachable' });
    await new Promise((resolve) => setImmediate(resolve));
    await devices.close();
    await refused;
  });
});
