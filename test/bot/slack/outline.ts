/** A Slack message as short lines that still hold every word, value and flag of it: for golden tests that people can read. */
import type { SlackMessage } from '../../../bot/slack/render.ts';

type Block = SlackMessage['blocks'][number];

/** One line per text or button. */
export const outline = ({ text, blocks }: SlackMessage): string =>
  `\n${[`text      ${text}`, ...blocks.flatMap(blockLines)].join('\n')}\n`;

function blockLines(block: Block): string[] {
  const texts = (name: string, all: readonly { text: string }[]) => all.map((one) => `${name.padEnd(9)} ${one.text}`);
  if (block.type === 'header') return texts('header', [block.text]);
  if (block.type === 'section')
    return [...texts('section', block.text ? [block.text] : []), ...texts('field', block.fields ?? [])];
  if (block.type === 'context')
    return texts(
      'context',
      block.elements.flatMap((one) => ('text' in one ? [one] : [])),
    );
  if (block.type === 'actions') return block.elements.map(buttonLine);
  return [block.type];
}

function buttonLine(element: Extract<Block, { type: 'actions' }>['elements'][number]): string {
  if (element.type !== 'button') return element.type;
  const { text, style, action_id, value, confirm, accessibility_label } = element;
  const asked = confirm
    ? ` / ${confirm.title?.text} ${confirm.text.text} [${confirm.confirm?.text}] [${confirm.deny?.text}]`
    : '';
  return `button    [${text.text}] ${style ?? '-'} ${action_id} ${value} / ${accessibility_label}${asked}`;
}

/** Every text that Slack would parse as markup. */
export function markupIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('type' in value && value.type === 'mrkdwn' && 'text' in value) return [String(value.text)];
  return Object.values(value).flatMap(markupIn);
}
