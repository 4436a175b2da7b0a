// Calls whose answer never comes: none is waited for without end, and none that failed is taken for a fact.
import type { Page, Request } from '@playwright/test';
import { begin, button, config, details, openFile, over, status, three } from './helper/job';
import { BROKEN, expect, test } from './helper/fixtures';
import { open } from './helper/page';
import { mint, type Server } from './helper/server';

const link = (page: Page) => page.locator('.page-bar .link-badge');
const wrong = (page: Page) => page.locator('.job-panel .ui-error', { hasText: 'did not answer' });
const UNKNOWN = 'The server did not answer, so it is not known whether it heard this.';

const folders = (server: Server) => {
  three(server);
  for (let index = 0; index < 5; index++) server.file(`sub/x${index}`, '0');
};

test('the output of a file is read again automatically, and on request', async ({ page, serve, allow }) => {
  allow(BROKEN);
  const server = await serve((server) => server.file('a', '7'), { config });
  const job = await begin(server, mint(), 'slow');
  await over(server, job);
  await details(page, server, job);
  let lost = true;
  await page.route('**/api/fn/attempts', (route) => (lost ? route.abort() : route.continue()));
  await openFile(page, 0);
  const failed = page.locator('.attempts .ui-error');
  await expect(failed).toContainText('The server did not answer.');
  // The first repetition is lost too.
  await page.waitForTimeout(4_000);
  await expect(failed.getByRole('button', { name: 'Try again' })).toBeVisible();
  lost = false;
  await expect(page.locator('.attempts-one')).toContainText('exit 7', { timeout: 5_000 });
  await expect(failed).toHaveCount(0);
});

test('what a job page could not read is read again by itself, and the causes of failures on request too', async ({ page, serve, allow }) => {
  allow(BROKEN);
  const server = await serve((server) => { server.file('a', '7'); server.file('../hold'); }, { config });
  const job = await begin(server, mint(), 'slow');
  let lost = true;
  await page.route(/api\/fn\/(causes|load)/, (route) => (lost ? route.abort() : route.continue()));
  await details(page, server, job);
  // The causes of what failed before come with the page.
  server.remove('../hold');
  const failed = page.locator('.attention .ui-error');
  await expect(failed).toContainText('The server did not answer.');
  await page.waitForTimeout(4_000);
  await expect(failed.getByRole('button', { name: 'Try again' })).toBeVisible();
  lost = false;
  await failed.getByRole('button', { name: 'Try again' }).click();
  await expect(page.locator('.attention-why')).toContainText('exit code 7', { timeout: 2_000 });
  await expect(failed).toHaveCount(0);
  await expect(page.locator('.head-work')).toContainText('of input done', { timeout: 8_000 });
});

for (const action of ['pause', 'cancel']) {
  test(`a lost press is reported as not known, and only until the page knows better: ${action}`, async ({ page, serve, allow }) => {
    allow(BROKEN);
    const server = await serve((server) => { three(server); server.file('../hold'); }, { config });
    const job = await begin(server, mint(), 'slow');
    await details(page, server, job);
    const pressed = action === 'pause' ? button(page, 'pause') : page.locator('.head-actions').getByRole('button', { name: 'Cancel' });
    await page.route(/api\/fn\/(steer|cancel)_job/, (route) => route.abort());
    await pressed.click();
    await expect(wrong(page)).toHaveText(UNKNOWN);
    await expect(link(page)).toHaveAttribute('data-link', 'live');
    await expect(wrong(page)).toHaveCount(0, { timeout: 10_000 });
    await page.unrouteAll();
    await pressed.click();
    server.remove('../hold');
    await expect(status(page)).toHaveText(action === 'pause' ? 'paused' : 'cancelled');
  });
}

test('a call that is never answered is given up and made again', async ({ page, serve }) => {
  test.setTimeout(60_000);
  const server = await serve(folders, { config });
  await open(page, server.url);
  let calls = 0;
  // The first call gets no answer at all.
  await page.route('**/api/fn/folder*', (route) => (++calls > 1 ? route.continue() : undefined));
  await page.locator('.ui-listing').getByRole('link', { name: /^sub/ }).click();
  await expect(page.locator('#files .ui-error')).toContainText('The server did not answer.', { timeout: 25_000 });
  await expect(page.locator('.ui-listing')).toContainText('x4', { timeout: 5_000 });
});

test('on a line that was dead and is there again, calls of before are given up: what reads is read again', async ({ page, serveWired, allow }) => {
  allow(BROKEN);
  test.setTimeout(90_000);
  const { server, wire, url } = await serveWired((server) => { folders(server); server.file('../hold'); }, { config });
  const job = await begin(server, mint(), 'slow');
  await open(page, url);
  await expect(link(page)).toHaveAttribute('data-link', 'live');
  wire.stall();
  await page.locator('.ui-listing').getByRole('link', { name: /^sub/ }).click();
  await expect(link(page)).not.toHaveAttribute('data-link', 'live', { timeout: 15_000 });
  wire.revive();
  await expect(link(page)).toHaveAttribute('data-link', 'live', { timeout: 15_000 });
  await expect(page.locator('.ui-listing')).toContainText('x4', { timeout: 3_000 });

  // A click is not repeated: the page shows the state of the job, and the button can be clicked again.
  await page.goto(`${url}/jobs/${job}`);
  await expect(page.locator('.job-files[data-followed]')).toBeAttached();
  await expect(link(page)).toHaveAttribute('data-link', 'live');
  wire.stall();
  await button(page, 'pause').click();
  await expect(link(page)).not.toHaveAttribute('data-link', 'live', { timeout: 15_000 });
  wire.revive();
  await expect(wrong(page)).toHaveText(UNKNOWN, { timeout: 15_000 });
  await expect(link(page)).toHaveAttribute('data-link', 'live', { timeout: 15_000 });
  await expect(button(page, 'pause')).toBeEnabled({ timeout: 3_000 });
  await expect(wrong(page)).toHaveCount(0, { timeout: 10_000 });
  server.remove('../hold');
});

test('a call that asks why a stream is refused ends when the next one is made', async ({ page, serve, allow }) => {
  test.setTimeout(60_000);
  allow(BROKEN);
  allow(/the server responded with a status of 503/);
  const server = await serve(three, { config });
  const held = new Set<Request>();
  let asked = 0;
  page.on('requestfailed', (request) => held.delete(request));
  await page.route('**/api/events?*', (route) => {
    if (!route.request().url().includes('wait=0')) return route.fulfill({ status: 503, body: '' });
    // No answer ever comes.
    held.add(route.request());
    asked++;
    return undefined;
  });
  await open(page, server.url);
  await expect.poll(() => asked, { timeout: 40_000 }).toBeGreaterThan(2);
  await expect.poll(() => held.size).toBeLessThan(2);
});
