/** Whole pages: the frame around messages, signing in, and what went wrong. */
import { createHash } from 'node:crypto';
import { html, raw } from 'hono/html';
import type { Person } from '../../domain/model/people.ts';
import type { VerbHelp } from '../handlers/press.ts';
import { limits } from './limits.ts';
import { liveScript } from './live.ts';
import { roomName, roomPath } from './message.ts';
import { hidden, type Reader } from './render.ts';
import { style } from './style.ts';
import type { Html } from './times.ts';

const version = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12);
/** The files that pages load, by path; the version in the address lets browsers keep them for ever. */
export const files: Readonly<Record<string, { readonly type: string; readonly body: string; readonly href: string }>> =
  {
    '/style.css': { type: 'text/css; charset=utf-8', body: style, href: `/style.css?v=${version(style)}` },
    '/live.js': { type: 'text/javascript; charset=utf-8', body: liveScript, href: `/live.js?v=${version(liveScript)}` },
    '/icon.svg': { type: 'image/svg+xml', body: icon('#1a7f4b'), href: '/icon.svg' },
  };

/** Our mark: a crook around a check. */
function icon(colour: string): string {
  const line = `fill="none" stroke="${colour}" stroke-width="3.2" stroke-linecap="round" stroke-linejoin="round"`;
  const paths = '<path d="M9 29V11a7 7 0 0 1 14 0v2.5"/><path d="m14.5 20.5 3.5 3.5 7-7.5"/>';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" ${line}>${paths}</svg>`;
}

const menuIcon = raw(
  '<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M2 4h12M2 8h12M2 12h12"/></svg>',
);

const head = (title: string, script: boolean): Html => html`<head>
  <meta charset="utf-8"/>
  <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
  <meta name="color-scheme" content="light dark"/>
  <title>${title} · patchherd</title>
  <link rel="icon" href="/icon.svg"/>
  <link rel="stylesheet" href="${files['/style.css']?.href}"/>
  ${script && html`<script src="${files['/live.js']?.href}" defer></script>`}
</head>`;

/** What a page of messages is made of. */
export type Room = {
  /** The path of the page: `/c/…`, `/direct`, `/waiting`, `/m/…`. */
  readonly path: string;
  readonly title: string;
  readonly about: string;
  readonly body: Html | null;
  /** The address of the page of older messages, when there are any. */
  readonly older: string | null;
  /** False for a page of older messages: new ones are not added there. */
  readonly newest: boolean;
  readonly answer: Html | null;
};
/** What every page of a signed-in person shows. `since` = the change that the page was drawn at. */
export type Frame = {
  readonly person: Person;
  readonly channels: readonly string[];
  readonly waiting: number;
  readonly since: number;
  readonly verbs: readonly VerbHelp[];
};

/** A page of messages, newest at the bottom, with the rooms beside it and the prompt below. */
export function roomPage(room: Room, frame: Frame, reader: Reader): Html {
  const { waiting } = frame;
  const none = waiting === 0 && html` hidden`;
  const waits = html`<a class="waiting" href="/waiting"${none}><span id="waiting">${waiting}</span> waiting for you</a>`;
  return html`<!doctype html><html lang="en">${head(room.title, true)}
<body data-page="${room.newest && room.path}" data-since="${frame.since}">
  <a class="skip" href="#line">Skip to the prompt</a>
  ${rail(room, frame, reader)}
  <main>
    <header class="top">
      <button class="menu" popovertarget="rail" aria-label="Rooms">${menuIcon}</button>
      <h1>${room.title}</h1><p>${room.about}</p>${waits}
    </header>
    <p class="lost" id="lost" role="status" hidden>Not live: trying to reconnect. What you see may be old.</p>
    <div class="scroller" id="scroller" tabindex="0" role="region" aria-label="Messages">
    <div class="messages" id="messages">
      ${room.older !== null && html`<p class="older"><a href="${room.older}">Older messages</a></p>`}
      ${room.body ?? empty(room)}
      ${!room.newest && html`<p class="older"><a href="${room.path}">Newest messages</a></p>`}
      ${room.answer}
    </div></div>
    <a class="newer" id="newer" href="#line" hidden>New messages below</a>
    ${prompt(frame, reader)}
  </main>
  <p class="unseen" id="says" aria-live="polite"></p>
</body></html>`;
}

function empty({ path }: Room): Html {
  const title = path === '/waiting' ? 'Nothing waits for you' : 'Nothing here yet';
  const what = path === '/direct' ? 'Notices about your own devices' : 'Patches that need a decision';
  return html`<div class="empty" id="empty">
    <h2>${title}</h2>
    <p>${what} will appear here. Type <code>help</code> below to see what you can ask.</p>
  </div>`;
}

/**
 * Rooms, who I am, and the way out. A popover on phones, a column beside the messages elsewhere: both without
 * JavaScript.
 */
function rail({ path }: Room, { person, channels, waiting }: Frame, { csrf }: Reader): Html {
  const none = waiting === 0 && html` hidden`;
  const dot = html`<span class="dot" hidden>new</span>`;
  const here = html` aria-current="page"`;
  const link = (to: string, name: string, mark = dot) =>
    html`<li><a href="${to}" data-page="${to}"${to === path && here}>${name}${mark}</a></li>`;
  return html`<nav class="rail" id="rail" popover aria-label="Rooms">
    <p class="brand">${raw(icon('currentColor'))}patchherd</p>
    <ul>
      ${link('/waiting', 'Waiting for you', html`<span class="count" id="count"${none}>${waiting}</span>`)}
    </ul>
    <h2>Channels</h2>
    <ul>${channels.map((room) => link(roomPath(room), roomName(room)))}</ul>
    <h2>Private</h2>
    <ul>${link('/direct', 'Direct messages')}</ul>
    <form class="me" method="post" action="/sign-out">
      <input type="hidden" name="csrf" value="${csrf}"/>
      <p><strong>${person.name}</strong><span>${person.roles.join(', ')} · ${person.zone}</span></p>
      <button class="button">Sign out</button>
    </form>
  </nav>`;
}

function prompt({ verbs }: Frame, reader: Reader): Html {
  const usage = ({ name, options }: VerbHelp) =>
    [name, ...options.map((option) => (option.required ? `<${option.name}>` : `[${option.name}]`))].join(' ');
  const option = (verb: VerbHelp) => html`<option value="${verb.name}">${usage(verb)}: ${verb.summary}</option>`;
  return html`<form class="say" id="say" method="post" action="/say">
    ${hidden('prompt', reader)}
    <label class="unseen" for="line">Command</label>
    <input type="text" id="line" name="line" list="verbs" placeholder="Type a command, or help"
      maxlength="${limits.lineChars}" autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck="false" enterkeyhint="send"/>
    <datalist id="verbs">${verbs.map(option)}</datalist>
    <button class="button">Send</button>
  </form>`;
}

const small = (title: string, body: Html): Html => html`<!doctype html><html lang="en">${head(title, false)}
<body class="small"><main>
  <p class="brand">${raw(icon('currentColor'))}patchherd</p>
  <h1>${title}</h1>
  ${body}
</main></body></html>`;

/**
 * For somebody without a session. `again`: where they wanted to go; a cookie that is SameSite=Strict is not sent on the
 * way in from elsewhere.
 */
export const signInPage = (again: string): Html =>
  small(
    'Sign in',
    html`<p>You sign in here with a one-time link. There are two ways to get one:</p>
    <ul>
      <li>In a shell on the server, run <code>patchherd login &lt;person&gt;</code>.</li>
      <li>Ask an admin of patchherd to do that for you.</li>
    </ul>
    <p>Signed in before, and came here from another application? <a href="${again}">Open the page again</a>.</p>`,
  );

/** The page behind a one-time link. Only its button uses the link up, so that previews of the link do not. */
export const confirmPage = (link: string, person: Person): Html =>
  small(
    'Sign in',
    html`<p>This link signs you in on this browser, once.</p>
    <form method="post" action="/login/${encodeURIComponent(link)}">
      <button class="button tone-good">Sign in as ${person.name}</button>
    </form>`,
  );

/** One sentence about what went wrong, and the way on. */
export const problemPage = (title: string, sentence: string): Html =>
  small(title, html`<p>${sentence}</p><p><a href="/">Go to the messages</a></p>`);
