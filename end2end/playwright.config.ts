import { defineConfig } from '@playwright/test';

// Real Chromium against a real server: each spec starts its own, on a port of its own.
export default defineConfig({
  testDir: 'tests',
  // A spec that passes only the second time has failed, because specs wait for conditions, however slow the machine
  // is.
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  fullyParallel: true,
  workers: 2,
  reporter: [['list']],
  use: {
    viewport: { width: 1100, height: 800 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
