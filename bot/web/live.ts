/**
 * The page's script: follows changes and answers forms in place. Everything works without it, by plain form posts.
 * A changed card is swapped as a whole; what the reader had open, typed or focused is put back. For a moment after its buttons
 * changed meaning a card takes no press: a thumb on its way must not approve what it has not read.
 */
export const liveScript = `'use strict';
const page = document.body.dataset;
const messages = document.getElementById('messages');
const scroller = document.getElementById('scroller');
const byId = (id) => document.getElementById(id);
const keyed = (root, key) => [...root.querySelectorAll('[data-key]')].find((each) => each.dataset.key === key);
const SETTLE_MS = 700;

function say(text) {
  byId('says').textContent = text;
}

function parse(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  return template.content.firstElementChild;
}

/** Puts back what the reader had open, typed, focused and been told. */
function carryOver(old, fresh) {
  for (const was of old.querySelectorAll('details[data-key][open]')) {
    const now = keyed(fresh, was.dataset.key);
    if (now) now.open = true;
  }
  let typed = false;
  for (const was of old.querySelectorAll('input[data-key]')) {
    const now = keyed(fresh, was.dataset.key);
    if (was.value !== '') typed = true;
    if (now) now.value = was.value;
  }
  for (const was of old.querySelectorAll('.card[data-at] > .answer')) {
    const now = [...fresh.querySelectorAll('.card[data-at]'), fresh].find((each) => each.dataset.at === was.parentElement.dataset.at);
    if (now && was.childNodes.length > 0) now.querySelector(':scope > .answer').replaceChildren(...was.childNodes);
  }
  return typed;
}

function swap(old, fresh) {
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  const selection = active && 'selectionStart' in active ? [active.selectionStart, active.selectionEnd] : null;
  const key = active && active.dataset.key;
  const answered = active && active.closest('.answer') ? active : null;
  const typed = carryOver(old, fresh);
  if (old.dataset.revs !== fresh.dataset.revs) {
    fresh.dataset.settled = String(Date.now() + SETTLE_MS);
    if (typed) say('This card changed while you were typing: read it again.');
  }
  const status = (article) => article.querySelector('.status')?.textContent;
  if (!typed && status(old) !== status(fresh)) say(fresh.querySelector('.title').textContent + ': ' + status(fresh));
  old.replaceWith(fresh);
  if (!active) return;
  const target = answered || (key && keyed(fresh, key)) || fresh;
  target.focus({ preventScroll: true });
  if (selection && target.setSelectionRange) target.setSelectionRange(...selection);
}

function append(fresh, text) {
  const below = scroller.scrollTop < -80;
  byId('empty')?.remove();
  fresh.classList.add('fresh');
  messages.append(fresh);
  byId('newer').hidden = !below;
  say(text);
}

function receive(change) {
  for (const id of ['waiting', 'count']) byId(id).textContent = change.waiting;
  byId('waiting').parentElement.hidden = change.waiting === 0;
  byId('count').hidden = change.waiting === 0;
  const fresh = parse(change.html);
  const old = byId('m-' + change.id);
  const newer = (than) => Number(fresh.dataset.seq) > Number(than);
  if (old) {
    if (newer(old.dataset.seq)) swap(old, fresh);
    return;
  }
  const here = page.page === change.page || (page.page === '/waiting' && change.waits);
  const last = Math.max(0, ...[...messages.querySelectorAll('[data-order]')].map((each) => Number(each.dataset.order)));
  if (here && change.order > last) append(fresh, change.says);
  else if (!here && newer(page.since)) {
    const dot = document.querySelector('.rail a[data-page="' + change.page + '"] .dot');
    if (dot) dot.hidden = false;
  }
}

let source;
let last = page.since;
function follow() {
  source?.close();
  source = new EventSource('/live?since=' + last + '&from=' + encodeURIComponent(location.pathname));
  const mine = source;
  source.addEventListener('hello', () => (byId('lost').hidden = true));
  source.addEventListener('signed-out', () => location.reload());
  source.addEventListener('message', (event) => {
    last = event.lastEventId || last;
    receive(JSON.parse(event.data));
  });
  source.addEventListener('error', () => {
    byId('lost').hidden = false;
    // Closed for good: the server answered something else than a stream, for example while it restarts.
    if (mine.readyState === EventSource.CLOSED) setTimeout(() => mine === source && !document.hidden && follow(), 3000);
  });
}
// Browsers open six connections to a server over HTTP/1.1: hidden pages give theirs back, and catch up when shown again.
document.addEventListener('visibilitychange', () => (document.hidden ? source.close() : follow()));

function show(form, answer) {
  const fresh = parse(answer.html || '<div class="only-you"><p class="outcome"></p></div>');
  if (!answer.html) fresh.querySelector('.outcome').textContent = answer.text;
  say(answer.text);
  const at = form.closest('.card')?.dataset.at;
  const slot = at && document.querySelector('.card[data-at="' + at + '"] > .answer');
  if (slot) {
    slot.replaceChildren(fresh);
    fresh.scrollIntoView({ block: 'nearest' });
    return;
  }
  const filled = answer.html && form.matches('.fill') && form.closest('article');
  if (filled) filled.replaceWith(fresh);
  else {
    byId('m-prompt')?.removeAttribute('id');
    byId('empty')?.remove();
    messages.append(fresh);
    scroller.scrollTop = 0;
  }
  fresh.querySelector('[autofocus]')?.focus();
}

async function submit(form, button) {
  form.dataset.busy = 'yes';
  button?.setAttribute('aria-busy', 'true');
  try {
    const body = new URLSearchParams(new FormData(form));
    const said = await fetch(form.getAttribute('action'), {
      method: 'POST', body, headers: { accept: 'application/json' }, signal: AbortSignal.timeout(15000),
    });
    if (said.status === 401) return location.reload();
    const answer = await said.json();
    // A new try after an answer is a new press; a new try after silence (below) is the same one, and counts once.
    if (answer.delivery) form.elements.delivery.value = answer.delivery;
    show(form, answer);
    if (answer.ok && form.closest('details.ask')) form.closest('details.ask').open = false;
    if (form.id === 'say' && answer.delivery) form.elements.line.value = '';
  } catch {
    show(form, { ok: false, text: 'The server did not answer. Try again: it counts once.' });
  } finally {
    delete form.dataset.busy;
    button?.removeAttribute('aria-busy');
  }
}

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!form.matches('.press, .say')) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  if (Number(form.closest('article')?.dataset.settled ?? 0) > Date.now()) return say('This card changed just now: read it again.');
  submit(form, event.submitter);
});

document.addEventListener('toggle', (event) => {
  if (event.target.matches?.('details.ask[open]')) event.target.querySelector('input[type=text], .press .button')?.focus({ preventScroll: true });
}, true);
document.addEventListener('keydown', (event) => {
  const ask = event.key === 'Escape' && event.target.closest?.('details.ask[open]');
  if (!ask) return;
  ask.open = false;
  ask.querySelector('summary').focus();
});
scroller.addEventListener('scroll', () => {
  if (scroller.scrollTop > -80) byId('newer').hidden = true;
});
byId('newer').addEventListener('click', (event) => {
  event.preventDefault();
  scroller.scrollTop = 0;
});

const verbs = byId('verbs').innerHTML;
let pause = 0;
async function suggest(line) {
  const found = await fetch('/suggest?line=' + encodeURIComponent(line)).then((said) => (said.ok ? said.json() : []), () => []);
  if (byId('line').value !== line) return; // answers may come in another order than questions
  byId('verbs').replaceChildren(...found.map((value) => Object.assign(document.createElement('option'), { value })));
}
byId('line').addEventListener('input', (event) => {
  const line = event.target.value;
  clearTimeout(pause);
  if (line.includes(' ')) pause = setTimeout(suggest, 150, line);
  else byId('verbs').innerHTML = verbs;
});

follow();
`;
