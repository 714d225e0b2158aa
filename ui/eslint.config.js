// What the compiler does not hold: no `any`, no default exports, no markup from text, one way to the backend.
import hooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const markup = [
  'dangerouslySetInnerHTML',
  'innerHTML',
  'outerHTML',
  'insertAdjacentHTML',
  'srcDoc',
];

export default tseslint.config(
  { ignores: ['dist', 'dist-recorded', 'node_modules', 'src/bindings'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { 'react-hooks': hooks },
    rules: {
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'no-console': 'error',
      'no-eval': 'error',
      'no-new-func': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportDefaultDeclaration',
          message: 'exports are named, so that a thing has one name everywhere',
        },
        ...markup.flatMap((name) => [
          {
            selector: `JSXAttribute[name.name='${name}']`,
            message: `${name} would make markup of text that somebody else wrote (P28)`,
          },
          {
            selector: `MemberExpression[property.name='${name}']`,
            message: `${name} would make markup of text that somebody else wrote (P28)`,
          },
        ]),
        {
          selector: "JSXOpeningElement[name.name='iframe']",
          message: 'a frame is a second page with rights of its own',
        },
      ],
    },
  },
  {
    files: ['*.config.{ts,js}', '.dependency-cruiser.cjs', '**/*.mjs'],
    ...tseslint.configs.disableTypeChecked,
    rules: { ...tseslint.configs.disableTypeChecked.rules, 'no-restricted-syntax': 'off' },
  },
  {
    files: ['scripts/**', 'tests/**'],
    rules: { 'no-console': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
);
