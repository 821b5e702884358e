/** From a person's click to the acknowledgement that their client waits for, on each platform. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Proposal } from '../domain/model/proposal.ts';
import { buttonsOf as discordButtons } from '../test/fakes/discord/index.ts';
import { buttonsOf as slackButtons } from '../test/fakes/slack/index.ts';
import { type Office, openOffice, slackPlace, webRoom } from './click-office.ts';
import { benchDatabase } from './database.ts';
import { median, percentile, type Report } from './report.ts';

const devicesPerProposal = 5;
const targetMs = 100;
/** The web chat allows 10 requests a second in one session; the pause between two clicks is not measured. */
const webPauseMs = 100;

type Action = 'proposal.details' | 'proposal.approve';
/** Clicks and resolves when the client has its acknowledgement; throws when it was none. */
type Click = (action: Action, proposal: Proposal) => Promise<void>;

/** Measures `n` clicks on each platform: every other one approves, the rest ask for details. */
export async function click({ n, runs }: { n: number; runs: number }): Promise<Report> {
  const each = Math.ceil(n / 2);
  const times: Record<string, number[]> = {};
  const database = await benchDatabase();
  try {
    for (let run = 1; run <= runs; run += 1) {
      const office = await openOffice(await database.fresh(`click-${run}`), each * 3, devicesPerProposal);
      try {
        await measure(office, each, times);
      } finally {
        await office.stop();
      }
    }
  } finally {
    await database.stop();
  }
  const rows = Object.entries(times);
  return {
    name: 'click',
    ...{ N: each * 2, runs },
    medians: Object.fromEntries(
      rows.map(([row, all]) => [
        row,
        { 'p50 ms': median(all), 'p99 ms': percentile(all, 0.99), 'slowest ms': Math.max(...all) },
      ]),
    ),
    ratios: rows.map(([row, all]) => ({ name: `${row} p99 ms`, is: percentile(all, 0.99), target: targetMs })),
    notes: [
      `Half of the clicks approve (every one is checked in the database: ${database.kind}), half ask for details; one after the other.`,
      'Web: until the answer itself. Slack, Discord: until the acknowledgement; real bolt and discord.js, fake platforms on loopback.',
    ],
  };
}

async function measure(office: Office, each: number, times: Record<string, number[]>): Promise<void> {
  const { world } = office;
  const all = await world.proposals.find({ state: 'announced' });
  const platforms: readonly (readonly [string, Click, number])[] = [
    ['web', await webClicks(office), webPauseMs],
    ['Slack', slackClicks(office), 0],
    ['Discord', discordClicks(office), 0],
  ];
  for (const [at, [platform, press, pauseMs]] of platforms.entries()) {
    times[platform] ??= [];
    for (const proposal of all.slice(at * each, (at + 1) * each)) {
      for (const action of ['proposal.details', 'proposal.approve'] as const) {
        const started = performance.now();
        await press(action, proposal);
        times[platform].push(performance.now() - started);
        await delay(pauseMs);
      }
    }
  }
  for (let tries = 0; (await world.proposals.count({ state: 'approved' })) < each * 3; tries += 1) {
    if (tries > 300) throw new Error('not every approval is in the database');
    await delay(100);
  }
  await office.quiet();
}

/** A browser's form posts, without the page around them. */
async function webClicks({ web, person }: Office): Promise<Click> {
  const { origin } = new URL(web.url);
  const at = (path: string) => new URL(path, web.url);
  const link = new URL(await web.loginLink(person.id)).pathname;
  const signedIn = await fetch(at(link), { method: 'POST', redirect: 'manual', headers: { origin } });
  const headers = { origin, cookie: signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '' };
  const page = await (await fetch(at(webRoom), { headers })).text();
  const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
  return async (action, { id, rev }) => {
    const place = { csrf, delivery: randomUUID(), from: webRoom, at: 'prompt' };
    const body = new URLSearchParams({ ...place, subject: id, rev: String(rev) });
    const request = {
      method: 'POST',
      redirect: 'manual',
      headers: { ...headers, accept: 'application/json' },
      body,
    } as const;
    const answer = (await (await fetch(at(`/act/${action}`), request)).json()) as { ok?: boolean; text?: string }; // ours
    if (!answer.ok) throw new Error(`the web chat refused ${action}: ${answer.text}`);
  };
}

function slackClicks({ slack }: Office): Click {
  return async (action, { id }) => {
    const shows = slack
      .seen(slackPlace.channel)
      .find((message) => slackButtons(message).some(({ value }) => value?.startsWith(`${id}@`)));
    if (!shows) throw new Error(`no message in Slack shows ${id}`);
    const delivery = await slack.click(slackPlace.by, shows, action);
    if (!delivery?.acked) throw new Error(`Slack got no acknowledgement of ${action}`);
  };
}

function discordClicks({ discord }: Office): Click {
  const human = discord.human('ann');
  const labels: Record<Action, string> = { 'proposal.details': 'Details', 'proposal.approve': 'Approve' };
  return async (action, { id }) => {
    const shows = discord
      .messages()
      .find((message) => discordButtons(message).some(({ custom_id }) => custom_id.includes(`|${id}@`)));
    if (!shows) throw new Error(`no message in Discord shows ${id}`);
    const { kind } = await human.press(shows, labels[action]);
    if (kind !== 'answer') throw new Error(`Discord got no acknowledgement of ${action}, but: ${kind}`);
  };
}
