// A real Chromium over the built UI with the recorded backend. Owns server and browser of tests and shots.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { preview } from 'vite';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CHROMIUM = process.env.MEX_CHROMIUM ?? '/usr/bin/chromium';

// The policy of the window: what it would refuse there is refused here.
const POLICY = [
  "default-src 'none'",
  ...['script', 'style', 'img', 'font'].map((kind) => `${kind}-src 'self'`),
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const EVENTS = JSON.parse(readFileSync(`${ROOT}/recording/events.json`, 'utf8'));

/** Some minutes after the last recorded event, so that `5 min ago` stays what it is. */
export const RECORDED_AT = new Date(
  Date.parse(EVENTS[0].answer.items[0].event.timestamp) + 5 * 60_000,
);

/** Opens the browser; `page(options)` gives a fresh window at an address. Close it when done. */
export async function open() {
  if (!existsSync(CHROMIUM)) {
    throw new Error(
      `no Chromium at ${CHROMIUM}: install Debian's package chromium, or set MEX_CHROMIUM`,
    );
  }
  const server = await preview({
    root: ROOT,
    mode: 'recorded',
    preview: { port: 0, host: '127.0.0.1', headers: { 'Content-Security-Policy': POLICY } },
    logLevel: 'error',
  });
  const base = server.resolvedUrls.local[0];
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return {
    async page(
      hash,
      {
        search = '',
        theme = 'light',
        width = 1280,
        height = 800,
        scale = 1,
        motion = 'reduce',
        contrast,
        now = RECORDED_AT,
        before,
      } = {},
    ) {
      const context = await browser.newContext({
        colorScheme: theme,
        reducedMotion: motion,
        ...(contrast && { contrast }),
        viewport: { width, height },
        deviceScaleFactor: scale,
        permissions: ['clipboard-read', 'clipboard-write'],
      });
      const page = await context.newPage();
      page.setDefaultTimeout(15_000);
      page.faults = [];
      page.on('pageerror', (fault) => page.faults.push(String(fault)));
      page.on('console', (message) => {
        if (message.type() === 'error') page.faults.push(message.text());
      });
      if (before) await page.addInitScript(...before);
      if (now !== null) await page.clock.setFixedTime(now);
      await page.goto(`${base}?${search}#${hash}`);
      await page.waitForSelector('main, dialog[open]');
      await page.evaluate(() => document.fonts.ready);
      return page;
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
