/** Imports run one way: edge → core. One row per layer, naming what it must not reach. */
const layer = (name, from, forbidden, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: forbidden },
});
const typesAllowed = (rule) => ({ ...rule, to: { ...rule.to, dependencyTypesNot: ['type-only'] } });

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependencies-in-production',
      severity: 'error',
      comment: 'The emulator is a test double: what it alone uses is not installed for production.',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
    layer(
      'factors-are-innermost',
      '^src/factors/',
      '^(src/(?!factors/)|emulator|scripts|node_modules)',
      'A factor is data and pure functions.',
    ),
    layer(
      'core-is-pure',
      '^src/enrollment/',
      '^(src/(?!enrollment/|factors/)|emulator|scripts|node_modules)',
      'No I/O, no packages.',
    ),
    layer(
      'auth0-knows-no-edge',
      '^src/auth0/',
      '^src/(activities|workflows|temporal|api|worker|codec-server)',
      'The client serves, it does not call up.',
    ),
    typesAllowed(
      layer(
        'workflows-stay-in-the-sandbox',
        '^src/workflows/',
        '^(src/(auth0|activities|temporal|api|config|webhooks)|node_modules/(?!@temporalio/(workflow|common))|emulator)',
        'Pure modules, types, @temporalio/workflow.',
      ),
    ),
    typesAllowed(
      layer(
        'webhooks-know-no-edge',
        '^src/webhooks/',
        '^src/(activities|workflows|temporal|api|worker|codec-server|auth0)',
        'It sends what it is given.',
      ),
    ),
    layer(
      'activities-know-no-edge',
      '^src/activities/',
      '^src/(workflows|api|worker|codec-server)',
      'Activities are called, they do not call up.',
    ),
    typesAllowed(
      layer(
        'temporal-knows-no-edge',
        '^src/temporal/',
        '^src/(activities|api|worker|codec-server)',
        'What API, workers and command line do with Temporal: they call it.',
      ),
    ),
    layer(
      'worker-knows-no-other-edge',
      '^src/worker(/|\\.ts$)',
      '^src/(api|codec-server)',
      'What it has in common with the API stands below both.',
    ),
    typesAllowed(
      layer(
        'api-speaks-to-temporal-only',
        '^src/api/(?!main)',
        '^src/(auth0/(?!authorize|id-token)|activities|worker|codec-server)',
        'The API never talks to Auth0 about a case.',
      ),
    ),
    typesAllowed(
      layer(
        'cli-speaks-http-only',
        '^src/cli/(?!set-up-namespace|rollout|temporal)',
        '^(src/(temporal|workflows|activities|worker|codec-server|api/(?!schemas|atoms))|emulator|scripts|node_modules/@temporalio)',
        'A client of the HTTP API, and of Auth0 for the doctor: nothing that an operator elsewhere could not reach. Two commands are about Temporal itself.',
      ),
    ),
    layer(
      'nothing-calls-the-cli',
      '^(src/(?!cli/)|emulator|scripts)',
      '^src/cli/',
      'The command line is an edge of its own.',
    ),
    layer('emulator-stands-alone', '^emulator/', '^src/', 'Two readings of the documentation check each other.'),
    layer(
      'client-stands-alone',
      '^packages/client/src/',
      '^(src|emulator|scripts|examples|node_modules)|^node:',
      'A package of its own, without any other: what it knows of the API is generated from the OpenAPI document.',
    ),
    layer('nothing-needs-the-client', '^(src|emulator|scripts)/', '^(packages|examples)/', 'It is for other systems.'),
    layer('examples-use-the-client', '^examples/', '^(src|emulator|scripts)/', 'As a stranger would.'),
    layer(
      'source-knows-no-tests',
      '^(src|emulator|scripts|packages|examples)/',
      '^test/',
      'Production code does not import tests.',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
