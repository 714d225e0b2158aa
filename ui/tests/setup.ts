// Before every unit test: a fresh document, and what the test environment has no own idea of.
import { cleanup } from '@testing-library/react';
import { afterEach } from 'vitest';

afterEach(() => {
  cleanup();
  history.replaceState(null, '', '#/home');
});
