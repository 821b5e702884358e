/** What people do in a fake Slack: they can only press what they see. */
import { type Courier, type Delivery, deliver, type Tamper } from './deliver.ts';
import { afterSubmit, filledIn } from './form.ts';
import type { Element, Json, Message, State, Team, View } from './state.ts';

export type Person = { team: string; user: string };
type ClickOptions = Tamper & { subject?: string; confirm?: 'yes' | 'no' };

/** The pressable elements of a message as it is now. */
export const buttonsOf = (message: Message): Element[] =>
  message.blocks.flatMap((block) => (block.type === 'actions' ? (block.elements ?? []) : [])).filter(isButton);
const isButton = (element: object): element is Element => 'action_id' in element;

export function humans(state: State, courier: Courier, base: () => string) {
  const who = ({ team, user }: Person) => ({
    user: { id: user, username: user, name: user, team_id: team },
    team: { id: team, domain: 'fake' },
    api_app_id: 'A1',
    token: 'legacy',
    enterprise: null,
    is_enterprise_install: false,
  });
  const hook = ({ team, user }: Person, channel: string) => `${base()}/actions/${state.hook({ team, channel, user })}`;
  const teamOf = (id: string): Team => {
    const team = state.teams.get(id);
    if (!team) throw new Error(`fake Slack: no workspace ${id}`);
    return team;
  };

  return {
    /** Presses a button; null when the person thinks better of it in the confirm dialog. */
    async click(by: Person, seen: Message, action: string, options: ClickOptions = {}): Promise<Delivery | null> {
      const message = state.messages.find(({ channel, ts }) => channel === seen.channel && ts === seen.ts);
      if (!message || (message.onlyFor && message.onlyFor !== by.user))
        throw new Error('fake Slack: nobody sees this message');
      const subject = options.subject;
      const element = buttonsOf(message).find(
        (one) => one.action_id === action && (subject === undefined || one.value?.startsWith(`${subject}@`)),
      );
      if (!element) throw new Error(`fake Slack: no button ${action} on this message`);
      if (element.confirm && options.confirm === 'no') return null;
      const payload: Json = {
        ...who(by),
        type: 'block_actions',
        trigger_id: state.trigger(),
        container: {
          type: 'message',
          message_ts: message.ts,
          channel_id: message.channel,
          is_ephemeral: Boolean(message.onlyFor),
        },
        channel: { id: message.channel, name: 'channel' },
        ...(message.onlyFor
          ? {}
          : { message: { type: 'message', ts: message.ts, text: message.text, blocks: message.blocks } }),
        state: { values: {} },
        response_url: hook(by, message.channel),
        actions: [{ ...element, block_id: 'b', action_ts: state.ts() }],
      };
      return deliver(courier, by.team, 'interactive', payload, options);
    },

    /** Types a slash command. Slack escapes three characters of the text on the way. */
    slash(by: Person, text: string, options: Tamper & { channel?: string; command?: string } = {}): Promise<Delivery> {
      const channel = options.channel ?? teamOf(by.team).channels[0]?.id ?? '';
      const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
      const payload: Json = {
        token: 'legacy',
        team_id: by.team,
        team_domain: 'fake',
        channel_id: channel,
        channel_name: 'channel',
        user_id: by.user,
        user_name: by.user,
        command: options.command ?? '/patch',
        text: escaped,
        api_app_id: 'A1',
        is_enterprise_install: 'false',
        response_url: hook(by, channel),
        trigger_id: state.trigger(),
      };
      return deliver(courier, by.team, 'slash_commands', payload, options);
    },

    /** Fills the fields of an open form (by block_id) and sends it. The form closes when the app says nothing against it. */
    async submit(by: Person, view: View, values: Record<string, string>): Promise<Delivery> {
      if (!state.views.has(view.id)) throw new Error('fake Slack: this form is closed');
      const sent = { ...view, state: filledIn(view, values) };
      const payload: Json = {
        ...who(by),
        type: 'view_submission',
        trigger_id: state.trigger(),
        view: sent,
        response_urls: [],
      };
      const delivery = await deliver(courier, by.team, 'interactive', payload);
      if (delivery.acked) afterSubmit(state, view, delivery.body);
      return delivery;
    },

    openHome(by: Person): Promise<Delivery> {
      const event = {
        type: 'app_home_opened',
        user: by.user,
        channel: `D${by.user}`,
        tab: 'home',
        event_ts: state.ts(),
      };
      return this.event(by.team, event);
    },

    /** Any event of the Events API. */
    event(team: string, event: Json): Promise<Delivery> {
      const authorizations = [{ enterprise_id: null, team_id: team, user_id: `UBOT${team}`, is_bot: true }];
      const payload = {
        token: 'legacy',
        team_id: team,
        api_app_id: 'A1',
        type: 'event_callback',
        event,
        authorizations,
      };
      return deliver(courier, team, 'events_api', { ...payload, event_id: `Ev${state.next()}`, event_time: 1 });
    },

    /** Sends any interactive payload, for kinds that people reach through other parts of Slack. */
    interactive(by: Person, payload: Json): Promise<Delivery> {
      return deliver(courier, by.team, 'interactive', { ...who(by), trigger_id: state.trigger(), ...payload });
    },

    remove(seen: Message): void {
      state.messages = state.messages.filter((message) => message.ts !== seen.ts || message.channel !== seen.channel);
    },
  };
}
