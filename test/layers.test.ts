/** The dependency rules themselves: each one catches the import that it is there to forbid, and lets the right ones pass. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

/** Rule, the file with the forbidden import, what it imports. */
const forbidden = [
  ['domain-imports-only-domain', 'domain/flows/planted-zod.ts', 'zod'],
  ['domain-imports-only-domain', 'domain/cards/planted-node.ts', 'node:fs'],
  ['domain-imports-only-domain', 'domain/planted-store.ts', 'workers/store/connect.ts'],
  ['model-imports-only-model', 'domain/model/planted.ts', 'domain/ports.ts'],
  ['backends-and-cards-never-import-flows', 'domain/backends/planted.ts', 'domain/flows/decide.ts'],
  ['bot-never-imports-workers', 'bot/handlers/planted.ts', 'workers/store/connect.ts'],
  ['workers-never-import-bot', 'workers/jobs/planted.ts', 'bot/handlers/press.ts'],
  ['only-main-reads-config', 'bot/handlers/planted-config.ts', 'config/settings.ts'],
  ['only-main-reads-config', 'workers/jobs/planted-config.ts', 'config/settings.ts'],
  ['config-knows-nobody', 'config/planted.ts', 'workers/store/connect.ts'],
  ['platforms-do-not-know-each-other', 'bot/slack/planted.ts', 'bot/discord/render.ts'],
  ['nothing-imports-demo', 'workers/planted.ts', 'demo/fleet.ts'],
  ['product-never-imports-tests', 'bot/planted.ts', 'test/fakes/clock.ts'],
  ['no-cycles', 'bot/handlers/about.ts', 'bot/handlers/round.ts'],
] as const;

/** Imports that the rules are made for. */
const allowed = [
  ['bot/main.ts', 'config/settings.ts'],
  ['bot/main.ts', 'bot/slack/render.ts'],
  ['workers/main.ts', 'config/settings.ts'],
  ['workers/jobs/good.ts', 'domain/flows/decide.ts'],
  ['workers/jobs/good.ts', 'zod'],
  ['domain/flows/good.ts', 'domain/ports.ts'],
  ['bot/slack/good.ts', 'bot/slack/render.ts'],
  ['bot/slack/good.ts', 'bot/handlers/press.ts'],
  ['config/settings.ts', 'domain/ports.ts'],
  ['demo/fleet.ts', 'config/settings.ts'],
] as const;

const dir = mkdtempSync(join(tmpdir(), 'patchherd-layers-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Violation = { from: string; to: string; rule: { name: string } };
let violations: readonly Violation[] = [];

/** Writes the files of a small tree: each imports, for its type only, what `imports` says. */
function plant(imports: readonly (readonly [from: string, to: string])[]): void {
  const files = new Map<string, string[]>();
  for (const [from, to] of imports) {
    const inTree = /^(bot|workers|domain|config|demo|test)\//.test(to);
    const path = inTree ? relative(dirname(from), to) : to;
    const specifier = inTree && !path.startsWith('.') ? `./${path}` : path;
    files.set(from, [...(files.get(from) ?? []), `import type {} from '${specifier}';`]);
    if (inTree && !files.has(to)) files.set(to, []);
  }
  for (const [file, lines] of files) {
    mkdirSync(join(dir, dirname(file)), { recursive: true });
    writeFileSync(join(dir, file), `${lines.join('\n')}\nexport {};\n`);
  }
}

beforeAll(() => {
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
    cpSync(join(root, file), join(dir, file));
  mkdirSync(join(dir, 'node_modules'));
  cpSync(join(root, 'node_modules/zod/package.json'), join(dir, 'node_modules/zod/package.json'));
  cpSync(join(root, 'node_modules/zod/index.js'), join(dir, 'node_modules/zod/index.js'));
  plant([
    ...forbidden.map(([, from, to]) => [from, to] as const),
    ['bot/handlers/round.ts', 'bot/handlers/about.ts'],
    ...allowed,
  ]);
  const args = [
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
    'bot',
    'workers',
    'domain',
    'config',
    'demo',
  ];
  const { stdout, stderr } = spawnSync(process.execPath, [cruiser, ...args], { cwd: dir, encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  violations = JSON.parse(stdout).summary.violations;
});

describe('the dependency rules', () => {
  it.each(forbidden)('%s catches %s importing %s', (rule, from, to) => {
    const caught = violations.filter((violation) => violation.from === from && violation.rule.name === rule);
    expect(caught.map((violation) => violation.to).join()).toContain(to.replace('node:', ''));
  });
  it.each(allowed)('let %s import %s', (from, to) => {
    expect(violations.filter((violation) => violation.from === from && violation.to.includes(to))).toEqual([]);
  });
  it('each have a case here', () => {
    const rules: { forbidden: { name: string }[] } = require(join(root, '.dependency-cruiser.cjs'));
    expect(new Set(forbidden.map(([rule]) => rule))).toEqual(new Set(rules.forbidden.map(({ name }) => name)));
  });
});
