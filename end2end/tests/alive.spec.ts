// A page that looks alive is alive: it hydrates what the server rendered, whatever else goes on, and says so when its
// program has died.
import { accessible } from './helper/axe';
import { BROKEN, expect, test } from './helper/fixtures';
import { choose } from './helper/job';
import { open, pill, processAll, ready, tenFiles } from './helper/page';
import type { Page } from '@playwright/test';
import { mint } from './helper/server';
import { STATES, endedJob, files, jobIn, optionsFor } from './helper/states';
import { Sleeper } from './helper/sleeper';

const badge = (page: Page) => page.locator('.page-bar .link-badge');
const bar = (page: Page) => page.locator('.page-stopped');

async function isAlive(page: Page) {
  await ready(page);
  await expect(page.locator('html[data-alive]')).toBeAttached();
  await expect(badge(page)).toHaveAttribute('data-link', 'live');
  await expect(badge(page).locator('.link-badge-word')).toBeVisible();
  await expect(bar(page)).toHaveCount(0);
}

async function saysItIsDead(page: Page, why: string) {
  await expect(bar(page)).toContainText(why);
  await expect(page.locator('html[data-alive]')).toHaveCount(0);
  await expect(badge(page).locator('.link-badge-word')).toBeHidden();
  expect(await badge(page).evaluate((badge) => getComputedStyle(badge, '::after').content)).toBe('"not live"');
  await expect(bar(page).getByRole('button', { name: 'Reload' })).toBeVisible();
}

/** A control of the program works, in this same document. */
async function answers(page: Page) {
  await page.evaluate(() => Object.assign(window, { same: true }));
  const pages = page.getByRole('navigation', { name: 'Pages', exact: true });
  await pages.getByRole('link', { name: 'Library' }).click();
  await choose(page, 'verify');
  // By its path, or that of an earlier job.
  await expect(page.locator('.start-form').getByLabel(/^Manifest/).first()).toBeVisible();
  await pages.getByRole('link', { name: 'Jobs' }).click();
  await expect(page.getByRole('heading', { name: 'Jobs', exact: true })).toBeVisible();
  expect(await page.evaluate(() => 'same' in window)).toBe(true);
}

for (const state of STATES) {
  test(`every page comes alive beside a job that is ${state === 'none' ? 'not there' : state}`, async ({ page, serve, allow }) => {
    test.setTimeout(300_000);
    allow(/the server responded with a status of 404/);
    const server = await serve(files, optionsFor(state));
    const ended = await endedJob(server);
    const other = await jobIn(state, server);
    const job = `/jobs/${ended}`;
    const paths = ['/', '/?library=files&folder=many', '/?library=none', '/jobs', '/jobs/abc', `/jobs/${mint()}`, '/nothing'];
    paths.push(job, job, `${job}?status=failed`, `${job}?name=none`, `${job}?at=3`);
    if (other) paths.push(`/jobs/${other}`, `/jobs/${other}`);
    for (const path of paths) {
      await page.goto(server.url + path);
      await isAlive(page);
      if (other) expect((await server.get(`/api/jobs/${other}`)).status).toBe(state);
      // A job that another tab started is shown as a pill, but not on the job's own page.
      await expect(page.locator('dialog')).toHaveCount(0);
      const lives = other && state !== 'completed' && path !== `/jobs/${other}`;
      // A queued job waits behind another one, so the two are one pill.
      const own = state === 'queued' ? page.locator('.pill', { hasText: '1 running, 1 queued' }) : other && pill(page, other);
      if (own) await expect(own).toHaveCount(lives ? 1 : 0);
      await answers(page);
    }
    if (other) expect((await server.get(`/api/jobs/${other}`)).status).toBe(state);
  });
}

test('a page whose program panics says so, and can be loaded again', async ({ page, serve, allow }) => {
  allow(/panicked|unreachable|hydrat|Stack|expected/i);
  const server = await serve(tenFiles);
  // The program does not expect this and cannot hydrate such a page.
  await page.route(`${server.url}/`, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replace(/<h1[^>]*>.*?<\/h1>/s, '<b></b>') });
  });
  await page.goto(server.url);
  await saysItIsDead(page, 'has stopped working');
  await page.unroute(`${server.url}/`);
  await bar(page).getByRole('button', { name: 'Reload' }).click();
  await isAlive(page);
});

test('on a page whose program has panicked only the button that loads it again can be clicked', async ({ page, serve }) => {
  const server = await serve((server) => server.slowFiles(400, 100_000_000), { args: ['--workers', '1'] });
  await open(page, server.url);
  await processAll(page);
  const cancel = page.locator('dialog').getByRole('button', { name: 'Cancel job' });
  await expect(cancel).toBeEnabled();
  await page.evaluate(() => dispatchEvent(new Event('headway:panic')));
  await saysItIsDead(page, 'has stopped working');
  await expect(cancel).toBeDisabled();
  await expect(page.locator('button:enabled')).toHaveText(['Reload']);
});

for (const [what, pattern] of [['program', /_bg.*\.wasm/], ['script', /headway[^_]*\.js/]] as const) {
  for (const how of ['not there', 'cut off'] as const) {
    test(`a page whose ${what} is ${how} says so`, async ({ page, serve, allow }) => {
      allow(/Failed to load resource|Failed to fetch|MIME type|uncaught/i);
      const server = await serve(tenFiles);
      await page.route(pattern, (route) => (how === 'cut off' ? route.abort() : route.fulfill({ status: 404, body: 'gone' })));
      await page.goto(server.url);
      await saysItIsDead(page, 'could not be loaded');
      await page.unroute(pattern);
      await bar(page).getByRole('button', { name: 'Reload' }).click();
      await isAlive(page);
    });
  }
}

test('a page whose program falls silent says so, above its dialog too, and takes it back', async ({ page, serve }) => {
  // The work that the program does four times a second can be held back.
  await page.addInitScript(() => {
    const every = window.setInterval;
    const held = Object.assign(window, { held: false });
    window.setInterval = ((act: () => void, wait: number) => every(() => (wait === 250 && held.held ? undefined : act()), wait)) as typeof setInterval;
  });
  const server = await serve((server) => server.slowFiles(400, 100_000_000), { args: ['--workers', '1'] });
  await open(page, server.url);
  await processAll(page);
  await page.evaluate(() => Object.assign(window, { held: true }));
  await saysItIsDead(page, 'does not respond');
  await expect(page.locator('dialog .page-stopped')).toBeVisible();
  await page.evaluate(() => Object.assign(window, { held: false }));
  await isAlive(page);
});

test('a tab that slept is not reported as dead', async ({ browser, serve }) => {
  const server = await serve(tenFiles);
  const tab = await Sleeper.open(browser, server.url);
  await tab.sees(`document.querySelector('html[data-alive]') !== null`);
  await tab.evaluate(`
    window.alarms = 0;
    new MutationObserver(() => document.querySelector('.page-stopped') && window.alarms++).observe(document, { childList: true, subtree: true });
  `);
  await tab.freeze();
  // Longer than a running page may be silent.
  await new Promise((done) => setTimeout(done, 9_000));
  await tab.thaw();
  await tab.show();
  const woken = await tab.evaluate('performance.now()');
  await tab.sees(`performance.now() > ${woken} + 7000`);
  expect(await tab.evaluate('window.alarms')).toBe(0);
  await tab.sees(`document.querySelector('html[data-alive]') !== null`);
  expect(tab.problems).toEqual([]);
});

test('every page says that the server gave up work of its own, and what to do', async ({ page, serve, allow }) => {
  allow(BROKEN);
  test.setTimeout(90_000);
  const server = await serve(tenFiles);
  // A kill in the middle of a scan would count as a crash.
  await server.stop('SIGTERM');
  const well = server.fault;
  server.fault = 'scan of files';
  // It crashes twice, and then gives that up.
  for (let life = 0; life < 2; life++) {
    await server.start().then(() => server.crashed(), () => undefined);
  }
  await server.start();
  const banner = page.locator('.page-banner[role="status"]');
  for (const path of ['/', '/jobs']) {
    await page.goto(server.url + path);
    await expect(banner).toContainText('files: The server crashed two times in a row while it scanned this library, so it gave that up');
    await expect(banner).toContainText('headway doctor --try-again');
  }
  await accessible(page, 'a page with a banner');
  await server.stop();
  server.fault = well;
  server.doctor('--try-again');
  await server.start();
  await expect(banner).toHaveCount(0);
});
