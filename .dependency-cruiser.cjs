/** Who may import whom. Each rule's name is the sentence a reviewer would say. */
const rule = (name, from, to) => ({ name, severity: 'error', from, to });
/** The files that may wire everything: the two mains, and the shell, which is set-up itself. */
const mains = '^(bot/main\\.ts|workers/main\\.ts|bot/cli/)';
module.exports = {
  forbidden: [
    rule('domain-imports-only-domain', { path: '^domain/' }, { pathNot: '^domain/' }),
    rule('model-imports-only-model', { path: '^domain/model/' }, { pathNot: '^domain/(model/|errors\\.ts$)' }),
    rule('backends-and-cards-never-import-flows', { path: '^domain/(backends|cards)/' }, { path: '^domain/flows/' }),
    rule('bot-never-imports-workers', { path: '^bot/', pathNot: mains }, { path: '^workers/' }),
    rule('workers-never-import-bot', { path: '^workers/', pathNot: mains }, { path: '^bot/' }),
    rule('only-main-reads-config', { path: '^(bot|workers|domain)/', pathNot: mains }, { path: '^config/' }),
    rule('config-knows-nobody', { path: '^config/' }, { path: '^(bot|workers|demo)/' }),
    rule(
      'platforms-do-not-know-each-other',
      { path: '^bot/(slack|discord|web)/' },
      { path: '^bot/(slack|discord|web|cli)/', pathNot: '^bot/$1/' },
    ),
    rule('nothing-imports-demo', { path: '^(bot|workers|domain|config)/', pathNot: '^bot/cli/' }, { path: '^demo/' }),
    rule('product-never-imports-tests', { path: '^(bot|workers|domain|config|demo)/' }, { path: '^(test|bench)/' }),
    rule('no-cycles', {}, { circular: true }),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
  },
};
