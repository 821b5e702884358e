/** The message of a notice. */
import type { Notice } from '../model/notice.ts';
import type { Card } from './card.ts';

export const noticeCard = ({ title, tone, status, text, items, at }: Notice): Card => ({
  title,
  tone,
  status,
  summary: text,
  facts: [],
  ...(items ? { list: { title: items.title, items: items.lines, more: items.more } } : {}),
  note: ['Said ', { at: at.getTime() }],
  buttons: [],
});
