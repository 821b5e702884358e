/** Slack's numbers, and one lint that holds a message, a modal or a Home view against them: Slack publishes no schema. */
import { z } from 'zod';

/**
 * Characters unless said otherwise. Sources, read 2026-11: docs.slack.dev/reference/block-kit/{blocks,block-elements,composition-objects},
 * /reference/views, /reference/methods/chat.postMessage and chat.update. `text` is tighter than chat.postMessage's 40,000
 * because the same text must also pass chat.update, which stops at 4,000.
 */
export const limits = {
  text: 3500,
  blocks: 50,
  viewBlocks: 100,
  section: 3000,
  fields: 10,
  field: 2000,
  header: 150,
  contextElements: 10,
  actions: 25,
  button: 75,
  accessibility: 75,
  id: 255,
  value: 2000,
  url: 3000,
  confirm: { title: 100, text: 300, button: 30 },
  view: { title: 24, metadata: 3000 },
  input: { label: 2000, hint: 2000, typed: 3000 },
  select: { options: 100, text: 75, value: 150 },
} as const;

/** How long a request from Slack may lie off our clock, in seconds. Source: docs.slack.dev/authentication/verifying-requests-from-slack. */
export const CLOCK_SKEW_SECONDS = 5 * 60;

const chars = (max: number) => z.string().min(1).max(max);
const plain = (max: number) =>
  z.strictObject({ type: z.literal('plain_text'), text: chars(max), emoji: z.boolean().optional() });
const mrkdwn = (max: number) =>
  z.strictObject({ type: z.literal('mrkdwn'), text: chars(max), verbatim: z.boolean().optional() });
const either = (max: number) => z.discriminatedUnion('type', [plain(max), mrkdwn(max)]);
const id = chars(limits.id).optional();
const Style = z.enum(['primary', 'danger']).optional();

const unique = (values: readonly (string | undefined)[]) => {
  const present = values.filter((value) => value !== undefined);
  return new Set(present).size === present.length;
};

const Confirm = z.strictObject({
  title: plain(limits.confirm.title),
  text: either(limits.confirm.text),
  confirm: plain(limits.confirm.button),
  deny: plain(limits.confirm.button),
  style: Style,
});
const Button = z.strictObject({
  type: z.literal('button'),
  text: plain(limits.button),
  action_id: id,
  value: chars(limits.value).optional(),
  url: chars(limits.url).optional(),
  style: Style,
  confirm: Confirm.optional(),
  accessibility_label: chars(limits.accessibility).optional(),
});
const TextInput = z.strictObject({
  type: z.literal('plain_text_input'),
  action_id: id,
  max_length: z.number().int().min(1).max(limits.input.typed).optional(),
  initial_value: z.string().max(limits.input.typed).optional(),
  focus_on_load: z.boolean().optional(),
});
const Choice = z.strictObject({ text: plain(limits.select.text), value: chars(limits.select.value) });
const Select = z
  .strictObject({
    type: z.literal('static_select'),
    action_id: id,
    options: z.array(Choice).min(1).max(limits.select.options),
    initial_option: Choice.optional(),
  })
  .refine(
    ({ options, initial_option: chosen }) =>
      !chosen || options.some(({ text, value }) => value === chosen.value && text.text === chosen.text.text),
    'has an initial_option that is none of its options',
  );

const Section = z
  .strictObject({
    type: z.literal('section'),
    block_id: id,
    text: either(limits.section).optional(),
    fields: z.array(either(limits.field)).min(1).max(limits.fields).optional(),
  })
  .refine((section) => section.text || section.fields, 'needs text or fields');
const Header = z.strictObject({ type: z.literal('header'), block_id: id, text: plain(limits.header) });
const Context = z.strictObject({
  type: z.literal('context'),
  block_id: id,
  elements: z.array(either(limits.section)).min(1).max(limits.contextElements),
});
const Actions = z
  .strictObject({ type: z.literal('actions'), block_id: id, elements: z.array(Button).min(1).max(limits.actions) })
  .refine((block) => unique(block.elements.map((element) => element.action_id)), 'has an action_id twice');
const Input = z.strictObject({
  type: z.literal('input'),
  block_id: id,
  label: plain(limits.input.label),
  hint: plain(limits.input.hint).optional(),
  optional: z.boolean().optional(),
  element: z.discriminatedUnion('type', [TextInput, Select]),
});
const blocks = (max: number) =>
  z
    .array(z.discriminatedUnion('type', [Section, Header, Context, Actions, Input]))
    .max(max)
    .refine((all) => unique(all.map((block) => block.block_id)), 'has a block_id twice');

const Message = z.object({ text: chars(limits.text), blocks: blocks(limits.blocks).optional() });
const Modal = z.strictObject({
  type: z.literal('modal'),
  callback_id: id,
  title: plain(limits.view.title),
  submit: plain(limits.view.title).optional(),
  close: plain(limits.view.title).optional(),
  private_metadata: z.string().max(limits.view.metadata).optional(),
  blocks: blocks(limits.viewBlocks),
});
const Home = z.strictObject({ type: z.literal('home'), callback_id: id, blocks: blocks(limits.viewBlocks) });
const View = z.discriminatedUnion('type', [Modal, Home]);

/**
 * What Slack would refuse about a message (`{ text, blocks }`) or a view (`{ type: 'modal' | 'home', … }`), one line per fault
 * with its path; empty when all is well. Knows only the blocks that we draw. Stricter than Slack in one thing: `text` is required,
 * because screen readers and notifications have nothing else.
 */
export function lintSlack(surface: unknown): string[] {
  const isView = typeof surface === 'object' && surface !== null && 'type' in surface;
  const read = (isView ? View : Message).safeParse(surface);
  return read.success ? [] : read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}
