import tseslint from 'typescript-eslint';
import prettier from 'eslint-config-prettier';

export default tseslint.config(
  // What docker/ holds in JavaScript runs in MongoDB's shell.
  { ignores: ['dist/**', 'node_modules/**', 'data/**', '**/*.cjs', '**/*.mjs', 'docker/**/*.js'] },
  ...tseslint.configs.strictTypeChecked,
  prettier,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always'],
      'max-params': ['error', 4],
      'max-lines': ['error', { max: 320, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      // Numbers in messages and keys read better than String(n) around each of them.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Nest modules are classes that carry nothing but their decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/consistent-type-definitions': 'off',
      // Taking members off by a rest pattern is the plain way to leave them out; a parameter that an interface asks for may go unread.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true, argsIgnorePattern: '^_' }],
      // A port's generators are asynchronous for the adapters that wait; the embedded ones need not.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
    },
  },
  {
    // Tests read as one sentence after another; a table of cases may be long.
    files: ['**/*-spec.ts', 'test/**/*.ts', '**/*.contract.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'max-lines': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // jest's asymmetric matchers (`expect.objectContaining` and the like) are typed as `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
  {
    // A class that Nest makes has one parameter for each dependency.
    files: ['apps/gateway/**/*.ts'],
    rules: {
      'max-params': ['error', 6],
      // Nest and class-validator declare their options and errors as classes and mean plain objects.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    },
  },
  {
    // A request's body is a bag of fields: what its class adds is not wanted in a command.
    files: ['apps/gateway/**/*.controller.ts'],
    rules: { '@typescript-eslint/no-misused-spread': 'off' },
  },
  {
    // The command line and the bench speak to people.
    files: ['apps/cli/**/*.ts', 'test/load/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
);
