import { afterEach, describe, expect, it } from 'vitest';
import type { SshLimits } from '../../../workers/remote/limits.ts';
import { sshDevices } from '../../../workers/remote/ssh.ts';
import { listeningLog } from './devices.ts';
import { finish, startSshServer, type TestServer } from './ssh-server.ts';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of cleanUp.splice(0).reverse()) await stop();
});

async function sessionOn(behaviour: Parameters<typeof startSshServer>[0], limits: Partial<SshLimits> = {}) {
  const far = await startSshServer(behaviour);
  const devices = sshDevices({ credentials: () => ({ kind: 'password', password: 'x' }), limits, log: listeningLog() });
  cleanUp.push(
    () => far.stop(),
    () => devices.close(),
  );
  return { far, devices, session: await devices.open(far.device()) };
}
const patient = { timeoutMs: 10_000 };
/** Resolves when the server has seen that many commands. */
async function commandsSeen(far: TestServer, count: number): Promise<void> {
  while (far.commands.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a run', () => {
  it('gives the exit code and both streams', async () => {
    const { session } = await sessionOn({
      exec(command, channel) {
        channel.stderr.write('careful');
        finish(channel, 100, `ran ${command}`);
      },
    });
    expect(await session.run({ argv: ['echo', "it's"] }, patient)).toEqual({
      kind: 'exited',
      code: 100,
      stdout: "ran exec 'echo' 'it'\\''s'",
      stderr: 'careful',
      cut: false,
    });
  });

  it('hands over 300 KB of standard input', async () => {
    const stdin = 'é'.repeat(150_000);
    const { session } = await sessionOn({
      exec(_command, channel) {
        const chunks: Buffer[] = [];
        channel.on('data', (chunk: Buffer) => chunks.push(chunk));
        channel.on('end', () => finish(channel, 0, String(Buffer.concat(chunks).toString() === stdin)));
      },
    });
    expect(await session.run({ argv: ['cat'], stdin }, patient)).toMatchObject({ kind: 'exited', stdout: 'true' });
  });

  it('of a command that does not read its input ends all the same', async () => {
    const { session } = await sessionOn({ exec: (_command, channel) => finish(channel, 3) });
    const visit = { argv: ['true'], stdin: 'x'.repeat(5 << 20) };
    expect(await session.run(visit, patient)).toMatchObject({ kind: 'exited', code: 3 });
  });

  it('ended by a signal is unknown: killed', async () => {
    const { session } = await sessionOn({
      exec(_command, channel) {
        channel.exit('KILL', false, '');
        channel.end();
      },
    });
    expect(await session.run({ argv: ['x'] }, patient)).toMatchObject({ kind: 'unknown', because: 'killed' });
  });

  it('whose connection is cut is unknown: lost, with what was said so far, and the next open connects anew', async () => {
    let cut = () => {};
    const { far, devices, session } = await sessionOn({
      exec(command, channel) {
        if (command.includes('again')) return finish(channel, 0);
        channel.write('half');
        setTimeout(() => cut(), 20);
      },
    });
    cut = far.cut;
    const lost = { kind: 'unknown', because: 'lost' };
    expect(await session.run({ argv: ['x'] }, patient)).toEqual({ ...lost, stdout: 'half', stderr: '' });
    expect(await session.run({ argv: ['x'] }, patient)).toMatchObject(lost);
    const next = await devices.open(far.device());
    expect(await next.run({ argv: ['again'] }, patient)).toMatchObject({ kind: 'exited', code: 0 });
    expect(far.connections).toBe(2);
  });

  it('whose exit code came but whose end did not is unknown, because its output may be cut off', async () => {
    let cut = () => {};
    const { far, session } = await sessionOn({
      exec(_command, channel) {
        channel.exit(0);
        setTimeout(() => cut(), 20);
      },
    });
    cut = far.cut;
    expect(await session.run({ argv: ['x'] }, patient)).toMatchObject({ kind: 'unknown', because: 'lost' });
  });

  it('that takes too long is unknown: timed-out, and its connection is used no more', async () => {
    const { far, devices, session } = await sessionOn({
      exec: (command, channel) => void (command.includes('slow') || finish(channel, 0)),
    });
    expect(await session.run({ argv: ['slow'] }, { timeoutMs: 50 })).toMatchObject({ because: 'timed-out' });
    const next = await devices.open(far.device());
    expect(await next.run({ argv: ['quick'] }, patient)).toMatchObject({ kind: 'exited' });
    expect(far.connections).toBe(2);
  });

  it('on a device that went silent after the login is unknown: timed-out', async () => {
    const { far, session } = await sessionOn({});
    far.freeze();
    expect(await session.run({ argv: ['x'] }, { timeoutMs: 100 })).toMatchObject({ because: 'timed-out' });
  });

  it('leaves the other runs on its connection alone when it takes too long', async () => {
    const { far, session } = await sessionOn({
      exec: (command, channel) => void (command.includes('slow') || setTimeout(() => finish(channel, 0, 'done'), 200)),
    });
    const other = session.run({ argv: ['other'] }, patient);
    expect(await session.run({ argv: ['slow'] }, { timeoutMs: 50 })).toMatchObject({ because: 'timed-out' });
    expect(await other).toMatchObject({ kind: 'exited', stdout: 'done' });
    expect(far.connections).toBe(1);
  });

  it('can be abandoned, before and after it began', async () => {
    const { far, session } = await sessionOn({ exec: () => {} });
    const reason = new AbortController();
    const run = session.run({ argv: ['x'] }, { ...patient, signal: reason.signal });
    await commandsSeen(far, 1);
    reason.abort();
    expect(await run).toMatchObject({ kind: 'unknown', because: 'timed-out' });
    const unwanted = session.run({ argv: ['y'] }, { ...patient, signal: reason.signal });
    expect(await unwanted).toMatchObject({ kind: 'unknown', because: 'timed-out' });
    expect(far.commands).toEqual(["exec 'x'"]);
  });

  it('that the device refuses is unknown: lost', async () => {
    const { session } = await sessionOn({ maxSessions: 0 });
    expect(await session.run({ argv: ['x'] }, patient)).toMatchObject({ kind: 'unknown', because: 'lost' });
  });

  it('with a bad argument never reaches the device', async () => {
    const { far, session } = await sessionOn({});
    await expect(session.run({ argv: ['a\0b'] }, patient)).rejects.toMatchObject({ code: 'shell.bad-argument' });
    expect(far.commands).toEqual([]);
  });
});

describe('a run that says too much', () => {
  it('keeps its first and last part and says that it was cut', async () => {
    const { session } = await sessionOn(
      { exec: (_command, channel) => finish(channel, 0, `BEGIN${'x'.repeat(100_000)}END`) },
      { stdoutBytes: 1000 },
    );
    const outcome = await session.run({ argv: ['x'] }, patient);
    expect(outcome).toMatchObject({ kind: 'exited', cut: true, stdout: expect.stringMatching(/^BEGINx+\n.*\nx+END$/) });
    expect(outcome.stdout.length).toBeLessThan(1100);
  });

  it('for ever is stopped, in bounded memory', async () => {
    const chunk = Buffer.alloc(32_768, 'x');
    let said = 0;
    const { session } = await sessionOn(
      {
        exec(_command, channel) {
          const say = () => {
            said += chunk.length;
            channel.write(chunk, say);
          };
          channel.on('close', () => channel.removeAllListeners('drain'));
          say();
        },
      },
      { floodBytes: 8 << 20, stdoutBytes: 1 << 20 },
    );
    const outcome = await session.run({ argv: ['yes'] }, patient);
    expect(outcome).toMatchObject({ kind: 'unknown', because: 'killed' });
    expect(outcome.stdout.length).toBeLessThan((1 << 20) + 100);
    expect(said).toBeLessThan(32 << 20);
  });

  it('on the stream that nobody watches does not hide the exit code', async () => {
    const { session } = await sessionOn({
      exec(_command, channel) {
        channel.stderr.write('e'.repeat(3 << 20), () => finish(channel, 7));
      },
    });
    expect(await session.run({ argv: ['x'] }, patient)).toMatchObject({ kind: 'exited', code: 7, cut: true });
  });
});
