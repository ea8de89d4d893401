import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const forbid = (patterns) => ['error', { patterns }];
const onlyTypes = (group, message) => ({ group, message, allowTypeImports: true });
const never = (group, message) => ({ group, message });

export default tseslint.config(
  {
    ignores: [
      ...['node_modules', '**/dist', 'reports', 'coverage', '.temporal', '.run', '.cache', 'test/histories'],
      'packages/client/src/openapi.ts', // generated
    ],
  },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      eqeqeq: 'error',
    },
  },
  {
    // Runs in Temporal's sandbox: pure modules, types and @temporalio/workflow only.
    files: ['src/workflows/**/*.ts', 'src/enrollment/**/*.ts', 'src/factors/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': forbid([
        never(['node:*', 'zod', 'undici', 'pino', 'fastify', '@fastify/*', 'jose'], 'Workflow code stays pure.'),
        onlyTypes(
          ['**/activities', '**/activities/*', '**/auth0/*', '**/temporal/*', '**/api/*'],
          'Types only: this runs elsewhere.',
        ),
        onlyTypes(
          ['@temporalio/client', '@temporalio/worker', '@temporalio/activity', '@temporalio/proto'],
          'Not in the sandbox.',
        ),
      ]),
    },
  },
  {
    files: ['src/enrollment/**/*.ts', 'src/factors/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'fetch'],
      'no-restricted-properties': ['error', { object: 'Date', property: 'now', message: 'Time is passed in.' }],
    },
  },
  {
    files: ['emulator/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': forbid([
        never(['**/src/**'], 'The emulator reads the documentation for itself: two readings check each other.'),
      ]),
    },
  },
  {
    files: ['packages/client/src/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': forbid([
        never(['node:*', '**/../../**', '@*', '@*/**'], 'The client needs fetch and WebCrypto, and no package.'),
      ]),
      'no-restricted-globals': ['error', 'process', 'Buffer', 'require'],
    },
  },
  {
    files: ['**/*.{mjs,cjs,js}'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'URL',
          'fetch',
          'setTimeout',
          'clearTimeout',
          'AbortSignal',
          'Buffer',
          'module',
          'require',
          '__dirname',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['emulator/public/**/*.js', 'src/api/assets/**/*.js'],
    languageOptions: {
      globals: {
        document: 'readonly',
        history: 'readonly',
        performance: 'readonly',
        URLSearchParams: 'readonly',
        window: 'readonly',
        location: 'readonly',
        navigator: 'readonly',
        EventSource: 'readonly',
        FormData: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        DOMParser: 'readonly',
        Element: 'readonly',
        HTMLElement: 'readonly',
        HTMLDetailsElement: 'readonly',
        HTMLInputElement: 'readonly',
        AbortController: 'readonly',
        HTMLFormElement: 'readonly',
        HTMLSelectElement: 'readonly',
        InputEvent: 'readonly',
      },
    },
  },
);
