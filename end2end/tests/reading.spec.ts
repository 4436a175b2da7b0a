// A page that was opened by a read-only link: it shows everything, and offers nothing that cannot work.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { accessible } from './helper/axe';
import { expect, test } from './helper/fixtures';
import { config, followed, status } from './helper/job';
import { mint, type Server } from './helper/server';
import { hasOneLine } from './helper/widths';

const ALL = 'all-all-all-all-all';
const READING = 'reading-reading-reading';

const tokens = mkdtempSync(join(tmpdir(), 'headway-tokens-'));
// A process that runs several of these tests can remove the folder between them.
test.beforeEach(() => {
  mkdirSync(tokens, { recursive: true });
  writeFileSync(join(tokens, 'all'), ALL);
  writeFileSync(join(tokens, 'reading'), READING);
});
test.afterAll(() => rmSync(tokens, { recursive: true, force: true }));

const options = { config, args: ['--token-file', join(tokens, 'all'), '--read-token-file', join(tokens, 'reading')] };

const fill = (server: Server) => {
  server.file('a', '0');
  server.file('b', '7');
  server.file('c', '0');
};

/** The address of the server without the token of its printed link. */
const home = (server: Server) => new URL(server.url).origin;

async function call(server: Server, method: string, path: string, body?: object): Promise<any> {
  const headers = { authorization: `Bearer ${ALL}`, 'content-type': 'application/json' };
  const answer = await fetch(home(server) + path, { method, headers, body: body && JSON.stringify(body) });
  expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
  return answer.json();
}

async function begin(server: Server, recipe: string, more: object = {}) {
  const job = mint();
  await call(server, 'PUT', `/api/v1/jobs/${job}`, { library: 'files', recipe, query: { folder: {} }, ...more });
  return job;
}

/** Everything on the page that would start or change something. */
const offered = (page: Page) =>
  page.locator('[data-action]:not([data-action="tell"]), [data-start], [data-all], .start-panel, .start-bar, .job-change, .ui-listing input[type="checkbox"]');

test('a read-only page shows and follows everything, and offers nothing that cannot work', async ({ page, serve }) => {
  const server = await serve(fill, options);
  const hold = join(server.folder, 'hold');
  const failed = await begin(server, 'slow');
  await expect.poll(async () => (await call(server, 'GET', `/api/v1/jobs/${failed}`)).status).toBe('completed_with_errors');
  writeFileSync(hold, '');
  const running = await begin(server, 'slow', { policy: { on_done: 'again' } });
  const planned = await begin(server, 'upper', { approval: true });
  await expect.poll(async () => (await call(server, 'GET', `/api/v1/jobs/${planned}`)).status).toBe('planned');

  await page.goto(`${home(server)}/login?token=${READING}`);
  await expect(page.locator('main[data-ready]')).toBeAttached();
  await expect(page.locator('.page-reads')).toHaveText('Read only');
  await expect(page.locator('.page-bar > .link-badge')).toHaveAttribute('data-link', 'live');
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    await hasOneLine(page);
  }
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(3);
  await expect(offered(page)).toHaveCount(0);
  await page.locator('.ui-listing tbody tr').first().focus();
  await page.keyboard.press('x');
  await page.keyboard.press('Control+a');
  await expect(page.locator('.ui-listing tr[data-selected]')).toHaveCount(0);
  await page.keyboard.press('?');
  await expect(page.locator('.keys')).toBeVisible();
  await expect(page.locator('.keys')).not.toContainText(/select/i);
  await page.keyboard.press('Escape');
  await accessible(page, 'the library, read only');

  await page.locator('nav[aria-label="Pages"] a', { hasText: 'Jobs' }).click();
  await expect(page.locator('.job-card')).toHaveCount(2);
  await expect(offered(page)).toHaveCount(0);

  for (const [job, word] of [[failed, 'completed with errors'], [planned, 'planned'], [running, 'processing']]) {
    await page.goto(`${home(server)}/jobs/${job}`);
    await followed(page);
    await expect(status(page)).toHaveText(word);
    if (job === planned) await expect(page.locator('.job-panel .head-standing')).toHaveText('Ready. Nothing runs until it is approved.');
    await expect(page.locator('.items tbody tr')).toHaveCount(3);
    await expect(offered(page)).toHaveCount(0);
  }
  await page.locator('.items tbody tr').nth(1).locator('a').click();
  await expect(page.locator('.drawer')).toBeVisible();
  await expect(offered(page)).toHaveCount(0);
  await accessible(page, 'a job, read only');
  // It follows as every page does.
  rmSync(hold);
  await expect(status(page)).toHaveText('completed with errors');
  await expect(offered(page)).toHaveCount(0);
});

test('a caller with full access makes a link to a moment of a job, which shows that moment and changes nothing', async ({ page, serve, browser, watch }) => {
  const server = await serve(fill, options);
  const job = await begin(server, 'slow');
  await expect.poll(async () => (await call(server, 'GET', `/api/v1/jobs/${job}`)).status).toBe('completed_with_errors');
  await page.goto(`${home(server)}/login?token=${ALL}&to=/jobs/${job}%3Fat%3D4`);
  await followed(page);
  await expect(page.locator('.history-past')).toContainText('after event 4');
  await page.locator('[data-action="share"]').click();
  const link = page.getByLabel('Read-only link');
  await expect(link).toHaveValue(new RegExp(`${READING}&to=/jobs/${job}`));

  const other = await browser.newContext();
  const shared = await other.newPage();
  watch(shared);
  await shared.goto(await link.inputValue());
  await followed(shared);
  expect(new URL(shared.url()).pathname + new URL(shared.url()).search).toBe(`/jobs/${job}?at=4`);
  await expect(shared.locator('.history-past')).toContainText('after event 4');
  await expect(shared.locator('.page-reads')).toBeVisible();
  await expect(offered(shared)).toHaveCount(0);
  await other.close();
  // In the browser of someone who can do more, the link takes nothing.
  await page.goto(await link.inputValue());
  await followed(page);
  await expect(page.locator('.page-reads')).toHaveCount(0);
});
