// The files of a job while the page has not received the job, or knows less of it than the server.
import type { Page } from '@playwright/test';
import { begin, config, count, details, followed, over } from './helper/job';
import { BROKEN, expect, test } from './helper/fixtures';
import { ready } from './helper/page';
import { mint, type Server } from './helper/server';

const rows = (page: Page) => page.locator('.items tbody tr');
const filter = (page: Page, word: string) => page.getByRole('navigation', { name: 'Files by status' }).getByRole('link', { name: new RegExp(`^${word === 'succeeded' ? 'done' : word}( [\\d,]+)?$`) });
const wrong = (page: Page) => page.locator('.job-files .ui-controls > p.ui-error');
const reading = (page: Page) => page.getByText('Reading the files…');

/** Two files that each wait until the test lets them go on: one fails and one does not. */
const two = (server: Server) => {
  ['a', 'b'].forEach((name) => server.file(`../hold-${name}`));
  server.file('a', '7');
  server.file('b', '0');
};

/** Controls the calls to a server function: each waits as long as it is held, and is then lost or passed on. */
async function calls(page: Page, name: string) {
  const now = { held: false, lost: false, made: 0 };
  let go: (() => void)[] = [];
  await page.route(`**/api/fn/${name}`, async (route) => {
    now.made += 1;
    if (now.held) await new Promise<void>((done) => go.push(done));
    await (now.lost ? route.abort() : route.continue());
  });
  const release = () => {
    now.held = false;
    go.splice(0).forEach((done) => done());
  };
  return Object.assign(now, { release });
}

test('before the page has the job itself, filters and pages are read from the server, and no row stands under another name', async ({ page, serveWired, allow }) => {
  allow(BROKEN);
  const { server, wire, url } = await serveWired(
    (server) => {
      for (let index = 0; index < 130; index++) server.file(`f${String(index).padStart(3, '0')}`, index < 120 ? '1' : '0');
    },
    { config },
  );
  const job = await begin(server, mint(), 'slow');
  await over(server, job);
  wire.hold();
  const items = await calls(page, 'items');
  await page.goto(`${url}/jobs/${job}`);
  await ready(page);
  await expect(rows(page)).toHaveCount(50);
  expect(items.made).toBe(0);
  // Not answered yet.
  items.held = true;
  await filter(page, 'succeeded').click();
  await expect(reading(page)).toBeVisible();
  await expect(rows(page)).toHaveCount(0);
  items.release();
  await expect(rows(page)).toHaveCount(10);
  await expect(rows(page).first()).toContainText('f120');
  await expect(reading(page)).toBeHidden();
  // A call that is never answered is reported, and repeated without a click.
  items.lost = true;
  await filter(page, 'failed').click();
  await expect(wrong(page)).toContainText(/the server did not answer/i);
  await expect(rows(page)).toHaveCount(0);
  items.lost = false;
  await expect(rows(page)).toHaveCount(50);
  await expect(wrong(page)).toBeEmpty();
  await page.getByRole('link', { name: 'Next' }).click();
  await expect(rows(page)).toHaveCount(50);
  await expect(rows(page).first()).toContainText('f050');
  // An answer to an outdated question is ignored.
  items.held = true;
  await filter(page, 'succeeded').click();
  await expect(reading(page)).toBeVisible();
  await filter(page, 'all').click();
  items.release();
  await expect(rows(page)).toHaveCount(50);
  wire.release();
  await followed(page);
  await expect(page.locator('.items')).toHaveAttribute('aria-rowcount', '131');
});

test('a text that is newer than the state of the page is requested once', async ({ page, serveWired }) => {
  const { server, wire, url } = await serveWired(two, { config, args: ['--workers', '2'] });
  const job = await begin(server, mint(), 'slow');
  await page.goto(`${url}/jobs/${job}`);
  await followed(page);
  await expect(count(page, 'running')).toHaveText('2');
  const texts = await calls(page, 'items_at');
  texts.held = true;
  server.remove('../hold-a');
  await expect.poll(() => texts.made).toBe(1);
  await expect(rows(page).first().locator('.status-badge')).toHaveText('failed');
  // While that call is under way the page receives no events, and the file runs again.
  wire.hold();
  server.file('../hold-a');
  expect(await server.post(job, 'retry')).toBe(200);
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).counters.running).toBe(2);
  texts.release();
  await expect(page.locator('.page-bar .link-badge')).toHaveAttribute('data-link', 'silent');
  expect(texts.made).toBe(1);
  wire.release();
  await expect(count(page, 'running')).toHaveText('2');
  server.remove('../hold-a');
  await expect(rows(page).first()).toContainText('exit code 7');
  expect(texts.made).toBe(2);
});

test('the reason why a text could not be read disappears when no text is missing', async ({ page, serve, allow }) => {
  allow(BROKEN);
  const server = await serve(two, { config, args: ['--workers', '2'] });
  const job = await begin(server, mint(), 'slow');
  await details(page, server, job);
  await expect(count(page, 'running')).toHaveText('2');
  const texts = await calls(page, 'items_at');
  texts.lost = true;
  server.remove('../hold-a');
  await expect(wrong(page)).toContainText(/the server did not answer/i);
  await filter(page, 'running').click();
  await expect(rows(page)).toHaveCount(1);
  await expect(wrong(page)).toBeEmpty();
  texts.lost = false;
  await filter(page, 'failed').click();
  await expect(rows(page)).toContainText('exit code 7');
});
