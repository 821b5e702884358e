/** `patchherd doctor`: tries everything that has to work, and says what to do where it does not. */
import type { Settings } from '../../config/settings.ts';
import { obstacle } from '../../domain/flows/preflight.ts';
import { backendOf, look } from '../../domain/flows/scan.ts';
import type { Device } from '../../domain/model/device.ts';
import { Failure } from '../../domain/model/failure.ts';
import type { WorkerWorld } from '../../domain/ports.ts';
import { workerWorld } from '../../workers/main.ts';
import type { Say, Session } from './session.ts';

/** What one check found; `cure` says what to do. */
type Finding = { readonly what: string; readonly ok: boolean; readonly text: string };

/** More than this and windows, leases and reports are off (facts on security and faults, experiment 11). */
const maxSkewMs = 5000;

/** Prints a line for each check, worst news included; true when all is well. Changes nothing on devices or in chat. */
export async function doctor(session: Session, say: Say): Promise<boolean> {
  const world = workerWorld(session.settings, session.base);
  try {
    const findings = [
      await databaseFinding(session),
      ...(await chatFindings(session.settings)),
      ...(await Promise.all(
        (await world.devices.find({ retired: false })).map((device) => deviceFinding(world, device)),
      )),
    ];
    for (const { what, ok, text } of findings) say(`${ok ? 'ok   ' : 'WRONG'}  ${what}: ${text}`);
    return findings.every(({ ok }) => ok);
  } finally {
    await world.remote.close();
  }
}

async function databaseFinding({ base }: Session): Promise<Finding> {
  const skew = await base.database.clockSkewMs();
  if (skew !== null && Math.abs(skew) > maxSkewMs) {
    const text = `its clock is ${Math.round(skew / 1000)} s off ours: set up NTP on both machines.`;
    return { what: 'database', ok: false, text };
  }
  return { what: 'database', ok: true, text: 'answers, clocks agree' };
}

async function chatFindings({ chat }: Settings): Promise<readonly Finding[]> {
  const { slack, discord } = chat;
  const found: Finding[] = [];
  if (slack) {
    found.push(
      await tried('slack', 'the token is good, the channel is there', async () => {
        const { checkSlack } = await import('../slack/check.ts');
        await checkSlack(slack);
      }),
    );
  }
  if (discord) {
    found.push(
      await tried('discord', 'the token is good, the channel is there', async () => {
        const { checkDiscord } = await import('../discord/check.ts');
        await checkDiscord(discord);
      }),
    );
  }
  return found;
}

async function tried(what: string, fine: string, check: () => Promise<void>): Promise<Finding> {
  try {
    await check();
    return { what, ok: true, text: fine };
  } catch (error) {
    if (error instanceof Failure) return { what, ok: false, text: error.message };
    throw error;
  }
}

/** Logs in, reads, and judges like the preflight of a deployment. */
function deviceFinding(world: WorkerWorld, device: Device): Promise<Finding> {
  return tried(`device ${device.name}`, 'reachable, ready to be patched', async () => {
    const { facts } = await look(world, device, device.facts?.stamp ?? null);
    const found = obstacle(facts, device, backendOf(device));
    if (found) throw new Failure('device.not-ready', found.text);
    if (Math.abs(facts.clockSkewMs) > maxSkewMs) {
      const seconds = Math.round(facts.clockSkewMs / 1000);
      throw new Failure('device.clock', `its clock is ${seconds} s off ours: set up NTP on it.`);
    }
  });
}
