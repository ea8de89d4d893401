const swc = (parser, more = {}) => [
  '@swc/jest',
  {
    jsc: { parser: { syntax: 'typescript', ...parser }, target: 'es2023', ...more },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
  },
];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.[cm]?[jt]s$': swc({}),
    '^.+\\.tsx$': swc({ tsx: true }, { transform: { react: { runtime: 'automatic', importSource: 'preact' } } }),
  },
  // Packages published as ES modules only: jest loads them as CommonJS, so they go through the transform too.
  transformIgnorePatterns: [
    '/node_modules/(?!(jose|openid-client|oauth4webapi|uqr|fastify-type-provider-zod|otpauth|@noble/hashes|preact|intl-messageformat|@formatjs|smol-toml)/)',
  ],
  moduleNameMapper: { '^@auth0-mfa-enrollment/client$': '<rootDir>/packages/client/src/index.ts' },
  testTimeout: 60_000,
  // Every integration file starts servers of its own. One more than two cores: some files mostly wait, for a minute to pass or for a process.
  maxWorkers: 3,
  testSequencer: '<rootDir>/test/support/longest-first.cjs',
  reporters: [
    'default',
    '<rootDir>/test/support/count-reporter.cjs',
    '<rootDir>/test/temporal/support/log-reporter.cjs',
  ],
};
