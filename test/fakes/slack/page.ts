/** A stored message list as one HTML page that looks like Slack's message view, so that cards can be looked at without Slack. */
import type { Block, Element, Field, Message, TextObject, View } from './state.ts';

/** Threads stand below their first message. `zone` is the reader's IANA zone, `view` an open form. */
export function slackPage(messages: readonly Message[], options: { zone?: string; view?: View } = {}): string {
  const zone = options.zone ?? 'Europe/Madrid';
  const roots = messages.filter((message) => !message.thread_ts);
  const body = roots.map((root) => {
    const replies = messages.filter((message) => message.thread_ts === root.ts);
    const thread = replies.map((reply) => messageHtml(reply, zone)).join('');
    return `${messageHtml(root, zone)}${thread ? `<div class="thread">${thread}</div>` : ''}`;
  });
  const form = options.view ? modalHtml(options.view, zone) : '';
  return `<!doctype html><meta charset="utf-8"><title>Slack</title><style>${css}</style><main>${body.join('')}</main>${form}`;
}

const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

function messageHtml(message: Message, zone: string): string {
  const time = new Date(Number(message.ts) * 1000).toLocaleTimeString('en-GB', { timeZone: zone, timeStyle: 'short' });
  const hint = message.onlyFor ? '<p class="only">Only visible to you</p>' : '';
  const blocks = message.blocks.map((block) => blockHtml(block, zone)).join('');
  return `<article aria-label="${escapeHtml(message.text)}"><div class="face">ph</div><div class="body">${hint}
    <p class="who"><b>patchherd</b> <span class="app">APP</span> <time>${time}</time></p>${blocks}</div></article>`;
}

function blockHtml(block: Block, zone: string): string {
  const draw = (text: TextObject) => textHtml(text, zone);
  if (block.type === 'header') return `<h3>${block.text ? draw(block.text) : ''}</h3>`;
  if (block.type === 'actions') return `<div class="actions">${(block.elements ?? []).map(buttonHtml).join('')}</div>`;
  if (block.type === 'context') {
    const parts = (block.elements ?? []).flatMap((one) =>
      typeof one.text === 'string' ? [draw({ type: one.type, text: one.text })] : [],
    );
    return `<div class="context">${parts.join(' ')}</div>`;
  }
  if (block.type === 'input') {
    const hint = block.hint ? `<small>${draw(block.hint)}</small>` : '';
    return `<label>${block.label ? draw(block.label) : ''}${fieldHtml(block.element)}</label>${hint}`;
  }
  const fields = (block.fields ?? []).map((field) => `<div>${draw(field)}</div>`).join('');
  return `<div class="section">${block.text ? draw(block.text) : ''}${fields ? `<div class="fields">${fields}</div>` : ''}</div>`;
}

function fieldHtml({ initial_value: value = '', options, initial_option: chosen }: Partial<Field> = {}): string {
  if (!options) return `<input value="${escapeHtml(value)}">`;
  const choices = options.map((one) => {
    const selected = one.value === chosen?.value ? ' selected' : '';
    return `<option${selected}>${escapeHtml(one.text.text)}</option>`;
  });
  return `<select><option>Select an option</option>${choices.join('')}</select>`;
}

function buttonHtml(element: Element | TextObject): string {
  if (typeof element.text !== 'object' || !('action_id' in element)) return '';
  const aria = element.accessibility_label ?? element.text.text;
  return `<button class="${element.style ?? ''}" aria-label="${escapeHtml(aria)}">${escapeHtml(element.text.text)}</button>`;
}

/** mrkdwn as the clients draw it: bold, italic, strike, code, quotes, and dates in the reader's zone. */
function textHtml({ type, text }: TextObject, zone: string): string {
  if (type === 'plain_text') return escapeHtml(text);
  const marked = (mark: string) =>
    new RegExp(`(?<![\\p{L}\\p{N}])[${mark}](?=\\S)([^\\n]*?\\S)[${mark}](?![\\p{L}\\p{N}])`, 'gu');
  return text
    .replace(/<!date\^(\d+)\^[^|>]*\|[^>]*>/g, (_, unix: string) => dateHtml(Number(unix) * 1000, zone))
    .replace(/<(?!time|\/time)([^>]*)>/g, '<mark>$1</mark>') // a link or mention: ours has none, so it should catch the eye
    .replace(/`([^`\n]+)`/g, '<code>$1</code>')
    .replace(marked('*'), '<b>$1</b>')
    .replace(marked('_'), '<i>$1</i>')
    .replace(marked('~'), '<s>$1</s>')
    .replace(/^(?:&gt;)(.*)$/gm, '<blockquote>$1</blockquote>')
    .replaceAll('\n', '<br>');
}

function dateHtml(at: number, zone: string): string {
  const day = new Date(at).toLocaleDateString('en-US', { timeZone: zone, dateStyle: 'medium' });
  const time = new Date(at).toLocaleTimeString('en-GB', { timeZone: zone, timeStyle: 'short' });
  return `<time>${day} ${time}</time>`;
}

function modalHtml(view: View, zone: string): string {
  const blocks = view.blocks.map((block) => blockHtml(block, zone)).join('');
  const label = (name: 'submit' | 'close') => escapeHtml((view[name] as TextObject | undefined)?.text ?? ''); // linted when it was opened
  return `<div class="shade"><dialog open><h2>${escapeHtml(view.title?.text ?? '')}</h2>${blocks}
    <div class="actions end"><button>${label('close')}</button><button class="primary">${label('submit')}</button></div></dialog></div>`;
}

const css = `
  body { margin: 0; font: 15px/1.46668 Lato, "Noto Sans", "DejaVu Sans", sans-serif; color: #1d1c1d; background: #fff; }
  main { max-width: 720px; padding: 12px 0; }
  article { display: flex; gap: 8px; padding: 8px 20px; } p { margin: 0; }
  .face { width: 36px; height: 36px; border-radius: 4px; background: #0b6e4f; color: #fff; font-weight: 700; display: grid; place-items: center; flex: none; }
  .body { min-width: 0; flex: 1; } .only { font-size: 12px; color: #616061; }
  .app { font-size: 10px; font-weight: 700; background: #ededed; color: #616061; padding: 1px 3px; border-radius: 2px; }
  .who time { font-size: 12px; color: #616061; }
  h3 { font-size: 18px; line-height: 1.3; margin: 6px 0; font-weight: 900; } .section { margin: 6px 0; overflow-wrap: anywhere; }
  .fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 16px; max-width: 600px; }
  .actions { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0; } .end { justify-content: flex-end; }
  button { font: 700 13px/1 Lato, "Noto Sans", sans-serif; height: 28px; padding: 0 12px; border: 1px solid #bbb; border-radius: 4px; background: #fff; }
  button.primary { background: #007a5a; color: #fff; border-color: #007a5a; } button.danger { background: #e01e5a; color: #fff; border-color: #e01e5a; }
  .context { font-size: 12px; color: #616061; margin: 4px 0; }
  code { font: 12px Monaco, "DejaVu Sans Mono", monospace; color: #e01e5a; background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px; padding: 2px 3px; }
  mark { background: #ffd; color: #b00; font-weight: 700; } blockquote { margin: 0; border-left: 4px solid #ddd; padding-left: 8px; }
  .thread { margin-left: 44px; border-left: 2px solid #eee; }
  .shade { position: fixed; inset: 0; background: #0006; display: grid; place-items: center; }
  dialog { position: static; width: 480px; border: 0; border-radius: 8px; padding: 20px; } dialog h2 { margin: 0 0 12px; }
  label { display: block; font-weight: 700; margin: 8px 0 4px; } input, select { display: block; width: 96%; height: 32px; margin-top: 4px; } small { color: #616061; }
`;
