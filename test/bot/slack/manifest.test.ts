import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { allScopes } from '../../fakes/slack/state.ts';

const manifest = parse(readFileSync(new URL('../../../deploy/slack-manifest.yaml', import.meta.url), 'utf8'));

it('the manifest asks for exactly the scopes that the fake checks, and the docs give the reason of each', () => {
  expect([...manifest.oauth_config.scopes.bot].sort()).toEqual([...allScopes].sort());
  const docs = readFileSync(new URL('../../../docs/slack.md', import.meta.url), 'utf8');
  for (const scope of allScopes) expect(docs).toContain(`\`${scope}\``);
});

it('the manifest turns on what the app listens to', () => {
  expect(manifest.settings).toMatchObject({
    event_subscriptions: { bot_events: ['app_home_opened'] },
    interactivity: { is_enabled: true },
    socket_mode_enabled: true,
  });
  expect(manifest.features).toMatchObject({
    app_home: { home_tab_enabled: true },
    slash_commands: [{ command: '/patch' }],
  });
});
