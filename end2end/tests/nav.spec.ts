// Going from page to page: links, Back, the scroll position, the focus, and the title of the tab.
import type { Page } from '@playwright/test';
import { open, ready, tenFiles } from './helper/page';
import { expect, test } from './helper/fixtures';
import type { Server } from './helper/server';

const long = (server: Server) => {
  for (let index = 0; index < 90; index++) server.file(`long/${String(index).padStart(2, '0')}.txt`, `${index}`);
};

const place = (page: Page, name: string) => page.getByRole('navigation', { name: 'Pages', exact: true }).getByRole('link', { name });
const height = (page: Page) => page.evaluate(() => Math.round(scrollY));

test('Back and Forward lead to the same page at the same height, with its title; a link leads to the top and to the heading', async ({ page, serve }) => {
  const server = await serve(long);
  await open(page, `${server.url}/?library=files&folder=long`);
  await expect(page).toHaveTitle('long · files · Headway');
  await expect(page.locator('.ui-listing')).toHaveAttribute('aria-rowcount', '91');
  await page.evaluate(() => scrollTo(0, 900));
  await expect.poll(() => height(page)).toBe(900);

  await place(page, 'Jobs').evaluate((link: HTMLElement) => link.click());
  await expect(page).toHaveTitle('Jobs · Headway');
  await expect(page).toHaveURL(`${server.url}/jobs`);
  await expect(page.getByRole('heading', { name: 'Jobs', level: 1 })).toBeFocused();
  expect(await height(page)).toBe(0);

  await page.goBack();
  await expect(page).toHaveTitle('long · files · Headway');
  await expect(page.locator('h1.breadcrumbs')).toBeFocused();
  await expect.poll(() => height(page)).toBe(900);

  await page.goForward();
  await expect(page).toHaveTitle('Jobs · Headway');
  expect(await height(page)).toBe(0);
  await page.goBack();
  await expect.poll(() => height(page)).toBe(900);

  // The same after the document was loaded again.
  await page.reload();
  await ready(page);
  await expect.poll(() => height(page)).toBe(900);
  await place(page, 'Jobs').evaluate((link: HTMLElement) => link.click());
  await expect(page).toHaveTitle('Jobs · Headway');
  await page.goBack();
  await expect.poll(() => height(page)).toBe(900);
});

test('what is used at once is left alone: neither focus nor height is taken from it', async ({ page, serve }) => {
  const server = await serve(long);
  await open(page, `${server.url}/?library=files&folder=long`);
  await page.evaluate(() => scrollTo(0, 900));
  await place(page, 'Jobs').evaluate((link: HTMLElement) => link.click());
  await expect(page.getByRole('heading', { name: 'Jobs', level: 1 })).toBeFocused();
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route('**/api/fn/folder*', async (route) => { await held; await route.continue(); });
  await page.goBack();
  await expect(page.getByText('Reading the folder')).toBeVisible();
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox')).toBeFocused();
  answer();
  await expect(page.locator('.ui-listing tbody tr')).not.toHaveCount(0);
  await expect(page.getByRole('searchbox')).toBeFocused();
  expect(await height(page)).toBeLessThan(900);
});

test('a page that is opened without the base path goes to the same page below it', async ({ page, serve, watched }) => {
  const server = await serve(tenFiles, { args: ['--base-path', '/headway'] });
  const { origin } = new URL(server.url);
  for (const [path, title] of [['/', 'files · Headway'], ['/jobs?show=failures', 'Jobs · Headway']]) {
    await page.goto(`${origin}${path}`);
    await expect(page).toHaveURL(`${origin}/headway${path}`);
    await expect(page).toHaveTitle(title);
    await expect(page.locator('html[data-alive]')).toBeAttached();
  }
  expect(watched.problems).toEqual([]);
});

test('only plain clicks on links of Headway are followed here, below a base path too', async ({ page, context, serve, allow }) => {
  allow(/the server responded with a status of 404/);
  const server = await serve(tenFiles, { args: ['--base-path', '/headway'] });
  const base = server.url;
  await open(page, `${base}/`);
  await page.evaluate(() => Object.assign(window, { same: true }));
  const same = () => page.evaluate(() => 'same' in window);

  const opened = context.waitForEvent('page');
  await place(page, 'Jobs').click({ modifiers: ['Control'] });
  const other = await opened;
  await expect(other).toHaveTitle('Jobs · Headway');
  await expect(page).toHaveURL(`${base}/`);
  await other.close();

  await place(page, 'Jobs').click();
  await expect(page).toHaveURL(`${base}/jobs`);
  await expect(page).toHaveTitle('Jobs · Headway');
  // A link to the present page adds no entry to the history.
  await place(page, 'Jobs').click();
  await page.goBack();
  await expect(page).toHaveURL(`${base}/`);
  await expect(page).toHaveTitle('files · Headway');
  expect(await same()).toBe(true);

  // An address that is not a page is requested from the server.
  await page.evaluate(() => document.querySelector('a.page-brand')?.setAttribute('href', '/headway/nothing'));
  await page.locator('a.page-brand').click();
  await expect(page).toHaveTitle('Not found · Headway');
  expect(await same()).toBe(false);
  expect((await page.request.get(`${base}/nothing`)).status()).toBe(404);
  expect((await page.request.get(`${base}/jobs`)).status()).toBe(200);
});

test('without JavaScript every link leads to its page, which the server has named', async ({ browser, serve }) => {
  const server = await serve(tenFiles);
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const page = await plain.newPage();
  await page.goto(server.url);
  await expect(page).toHaveTitle('files · Headway');
  await place(page, 'Jobs').click();
  await expect(page).toHaveTitle('Jobs · Headway');
  await page.goto(`${server.url}/nothing`);
  await expect(page).toHaveTitle('Not found · Headway');
  await plain.close();
});
