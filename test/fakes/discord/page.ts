/** The fake's messages as a page in Discord's dark look, so that a card can be looked at without Discord. */
import {
  type APIComponentInLabel,
  type APIMessageComponent,
  type APIModalInteractionResponseCallbackData,
  ButtonStyle,
  ComponentType,
  MessageFlags,
} from 'discord.js';
import { html, markdownToHtml } from './markdown.ts';
import type { FakeMessage } from './world.ts';

const style = `
* { box-sizing: border-box; margin: 0; }
body { background: #313338; color: #dbdee1; font: 16px/1.375 'gg sans', 'Noto Sans', 'Helvetica Neue', Arial, sans-serif; padding: 16px; width: 720px; }
.message { display: grid; grid-template-columns: 40px 1fr; gap: 0 16px; margin-bottom: 20px; }
.face { width: 40px; height: 40px; border-radius: 50%; background: #5865f2; display: grid; place-items: center; color: #fff; font-weight: 600; }
.name { color: #f2f3f5; font-weight: 500; } .app { background: #5865f2; color: #fff; font-size: 10px; border-radius: 3px; padding: 1px 4px; margin: 0 6px; }
.when, small { color: #949ba4; font-size: 13px; } small { display: block; line-height: 1.4; }
.container { background: #2b2d31; border: 1px solid #3f4147; border-left: 4px solid var(--bar); border-radius: 8px; padding: 16px; max-width: 600px; display: grid; gap: 8px; margin-top: 4px; }
h1 { font-size: 24px; color: #f2f3f5; } h2 { font-size: 20px; color: #f2f3f5; } h3 { font-size: 16px; color: #f2f3f5; margin: 4px 0; }
li { margin-left: 20px; } strong { color: #f2f3f5; } .time { background: #3f4147; border-radius: 3px; padding: 0 2px; } .ping { background: #5c4b1f; color: #f0b232; }
a { color: #00a8fc; } code { background: #1e1f22; border-radius: 4px; padding: 1px 4px; font-size: 14px; } hr { border: 0; border-top: 1px solid #3f4147; }
.row { display: flex; flex-wrap: wrap; gap: 8px; } button { border: 0; border-radius: 8px; padding: 7px 14px; font: inherit; font-size: 14px; font-weight: 500; color: #fff; }
.b1 { background: #5865f2; } .b2 { background: #4e5058; } .b3 { background: #248046; } .b4 { background: #da373c; } button[disabled] { opacity: .5; }
.ephemeral { background: #5865f21a; border-left: 2px solid #5865f2; padding: 8px; }
.form { background: #313338; border: 1px solid #1e1f22; border-radius: 8px; box-shadow: 0 8px 24px #0008; padding: 16px; width: 440px; margin-bottom: 20px; display: grid; gap: 12px; }
label { font-weight: 500; color: #f2f3f5; display: block; } input, select { width: 100%; background: #1e1f22; border: 0; border-radius: 4px; color: #dbdee1; font: inherit; padding: 8px; margin-top: 6px; }
.end { display: flex; justify-content: flex-end; gap: 8px; }
`;

function component(one: APIMessageComponent, now: number): string {
  if ('content' in one) return `<div>${markdownToHtml(one.content, now)}</div>`;
  if (one.type === ComponentType.Separator) return '<hr>';
  if (one.type === ComponentType.Button && 'style' in one) {
    const label = 'label' in one ? (one.label ?? '') : '';
    const shade = one.style === ButtonStyle.Link ? ButtonStyle.Secondary : one.style;
    return `<button class="b${shade}"${one.disabled ? ' disabled' : ''}>${html(label)}</button>`;
  }
  const inner = 'components' in one ? one.components.map((each) => component(each, now)).join('') : '';
  if (one.type === ComponentType.ActionRow) return `<div class="row">${inner}</div>`;
  const colour = 'accent_color' in one ? (one.accent_color ?? 0x3f4147) : 0x3f4147;
  return `<div class="container" style="--bar:#${colour.toString(16).padStart(6, '0')}">${inner}</div>`;
}

function message(one: FakeMessage, now: number): string {
  const hidden = (one.flags & MessageFlags.Ephemeral) !== 0;
  const body = one.content
    ? markdownToHtml(one.content, now)
    : one.components.map((each) => component(each, now)).join('');
  const edited = one.editedAt && !hidden ? ' <small style="display:inline">(edited)</small>' : '';
  return `<div class="message${hidden ? ' ephemeral' : ''}"><div class="face">p</div><div>
<span class="name">patchherd</span><span class="app">APP</span><span class="when">${new Date(one.sentAt).toISOString().slice(11, 16)}</span>${edited}
${body}${hidden ? '<small>👁 Only you can see this · <a>Dismiss message</a></small>' : ''}</div></div>`;
}

function field(one: APIComponentInLabel): string {
  if (one.type === ComponentType.TextInput) {
    return `<input placeholder="${html(one.placeholder ?? '')}" value="${html(one.value ?? '')}">`;
  }
  if (one.type !== ComponentType.StringSelect) return '';
  const choices = one.options.map((each) => `<option${each.default ? ' selected' : ''}>${html(each.label)}</option>`);
  return `<select><option>Make a selection</option>${choices.join('')}</select>`;
}

function form({ title, components }: APIModalInteractionResponseCallbackData, now: number): string {
  const fields = components.map((one) => {
    if (one.type === ComponentType.TextDisplay) return `<div>${markdownToHtml(one.content, now)}</div>`;
    if (one.type !== ComponentType.Label) return '';
    return `<div><label>${html(one.label)}</label><small>${html(one.description ?? '')}</small>${field(one.component)}</div>`;
  });
  return `<div class="form"><h2>${html(title)}</h2>${fields.join('')}<div class="end"><button class="b2">Cancel</button><button class="b1">Submit</button></div></div>`;
}

/** Takes messages, oldest first, and forms; gives one self-contained page. `now` in milliseconds is what relative times count from. */
export function pageOf(
  messages: readonly FakeMessage[],
  forms: readonly APIModalInteractionResponseCallbackData[] = [],
  now = Date.now(),
): string {
  const body = [...messages.map((one) => message(one, now)), ...forms.map((one) => form(one, now))].join('\n');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Discord</title><style>${style}</style><body>${body}</body></html>`;
}
