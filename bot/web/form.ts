/** The form of a verb: it stands where the answer to the typed line would stand, and needs no script. */
import { html } from 'hono/html';
import { mustFill, wrongField } from '../handlers/form.ts';
import type { OpenForm, VerbOption } from '../handlers/press.ts';
import { limits } from './limits.ts';
import { hidden, type Reader, toneIcon } from './render.ts';
import type { Html } from './times.ts';

/** The name of an option's field: no option can pose as one of the form's own fields. */
export const fieldName = (option: string): string => `option-${option}`;

/** Draws a form with what is in its fields. A no stands beside its field, else on top; the field to begin with has the focus. */
export function renderForm(form: OpenForm, reader: Reader): Html {
  const { verb, values, refused } = form;
  const wrong = wrongField(form);
  const first = wrong ?? verb.options.find(({ name }) => !values[name])?.name;
  const onTop = refused && wrong === undefined ? refused.text : null;
  return html`<form class="press fill" method="post" action="/fill">
    ${hidden('prompt', reader)}
    <input type="hidden" name="verb" value="${verb.name}"/>
    <h3 class="title">${verb.form}</h3>
    ${onTop !== null && html`<p class="outcome tone-bad">${toneIcon('bad')}<span>${onTop}</span></p>`}
    ${verb.options.map((option) => {
      const no = option.name === wrong ? (refused?.text ?? null) : null;
      return field(option, values[option.name] ?? '', no, option.name === first);
    })}
    <button class="button tone-good">Send</button>
  </form>`;
}

function field(option: VerbOption, value: string, no: string | null, first: boolean): Html {
  const { name, label = name, description, choices } = option;
  const rules = html`${mustFill(option) && html` required`}${first && html` autofocus`}${
    no !== null && html` aria-invalid="true"`
  }`;
  const choice = (one: string) => html`<option${one === value && html` selected`}>${one}</option>`;
  return html`<label><strong>${label}</strong><span>${description}</span>
    ${
      choices
        ? html`<select name="${fieldName(name)}"${rules}><option value="">Choose</option>${choices.map(choice)}</select>`
        : html`<input type="text" name="${fieldName(name)}" value="${value}" maxlength="${limits.answerChars}"${rules}
      autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck="false"/>`
    }
    ${no !== null && html`<span class="wrong tone-bad">${no}</span>`}
  </label>`;
}
