// The pages of jobs, the dialog and the start sheet are in a file that comes later. Nothing pretends to be there before it is.
import { expect, test } from './helper/fixtures';
import { begin, config, three } from './helper/job';
import { dialog, pill, ready, tenFiles } from './helper/page';
import { mint } from './helper/server';

const LATER = '**/split_jobs.wasm';
const REFUSED = /net::ERR_FAILED|Failed to fetch|Fetch API cannot load/;

test('a part that cannot be loaded says so, and comes with another try', async ({ page, serve, allow }) => {
  allow(REFUSED);
  const server = await serve(tenFiles);
  await page.route(LATER, (route) => route.abort());
  await page.goto(server.url);
  await ready(page);
  await page.getByRole('navigation', { name: 'Pages', exact: true }).getByRole('link', { name: 'Jobs' }).click();
  const said = page.getByRole('alert').filter({ hasText: 'could not be loaded' });
  await expect(said).toBeVisible();
  await page.unroute(LATER);
  await said.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { name: 'Jobs', exact: true })).toBeVisible();
});

test('a sheet that cannot be loaded says so, and comes with another try', async ({ page, serve, allow }) => {
  allow(REFUSED);
  const server = await serve(tenFiles);
  await page.route(LATER, (route) => route.abort());
  await page.goto(server.url);
  await ready(page);
  // The sheet is closed, and what is in it has no role until it is opened.
  await expect(page.locator('.start-sheet .ui-error button')).toBeAttached();
  const again = page.locator('.start-sheet').getByRole('button', { name: 'Try again' });
  await page.locator('.start-bar-recipe').click();
  await expect(again).toBeFocused();
  await page.unroute(LATER);
  await again.click();
  await expect(page.locator('.start-card input:checked')).toBeVisible();
});

test('a job whose dialog cannot be loaded keeps its pill, which tries again', async ({ page, serve, allow }) => {
  allow(REFUSED);
  const server = await serve(
    (server) => {
      three(server);
      server.file('../hold');
    },
    { config },
  );
  const job = await begin(server, mint(), 'slow');
  await page.route(LATER, (route) => route.abort());
  await page.goto(server.url);
  await ready(page);
  await pill(page, job).click();
  const said = page.getByRole('alert').filter({ hasText: 'could not be loaded' });
  await expect(said).toBeInViewport();
  await expect(pill(page, job)).toBeVisible();
  await page.unroute(LATER);
  await pill(page, job).click();
  await expect(dialog(page, job)).toBeVisible();
  await expect(said).toHaveCount(0);
});

test('a page of jobs without its part says that it is not live', async ({ page, serve, allow }) => {
  allow(REFUSED);
  allow(/failed to load split module/);
  const server = await serve(tenFiles);
  await page.route(LATER, (route) => route.abort());
  await page.goto(`${server.url}/jobs`);
  await expect(page.locator('.page-stopped')).toContainText('could not be loaded');
  await expect(page.locator('html[data-alive]')).toHaveCount(0);
});

test('the dialog comes as soon as its part is there', async ({ page, serve }) => {
  const server = await serve(tenFiles);
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  await page.route(LATER, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(server.url);
  await ready(page);
  await page.locator('[data-start="run"]').click();
  go();
  await expect(page.locator('dialog[open]')).toBeVisible();
});
