// How the UI is built: plain files the window loads from its own binary, and the same files with the
// recorded backend for a browser. Never fetches anything at run time.
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// `--mode recorded` builds the UI that answers itself from `recording/`.
export default defineConfig(({ mode }) => ({
  plugins: [react()],
  base: './',
  resolve: {
    alias: {
      '#backend': fileURLToPath(
        new URL(
          `./src/backend/${mode === 'production' ? 'tauri' : 'recorded'}.ts`,
          import.meta.url,
        ),
      ),
    },
  },
  build: {
    outDir: mode === 'production' ? 'dist' : 'dist-recorded',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    modulePreload: { polyfill: false },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}', 'tests/unit/**/*.test.{ts,tsx}'],
    setupFiles: ['tests/setup.ts'],
    css: { modules: { classNameStrategy: 'non-scoped' } },
  },
}));
