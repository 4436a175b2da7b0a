// Everything by keyboard: few keys for the main job, the same keys anywhere on a page, and a focus that is never lost.
import type { Page } from '@playwright/test';
import { begin, config, details, over, three } from './helper/job';
import { dialog, ends, open, shownJob, tenFiles } from './helper/page';
import { expect, test } from './helper/fixtures';
import { mint } from './helper/server';

const focused = (page: Page) => page.evaluate(() => document.activeElement?.tagName);

test('the main job takes few keys: choose another recipe, start it, and read that it runs', async ({ page, serve, watched }) => {
  const server = await serve(tenFiles);
  await open(page, server.url);
  let keys = 0;
  const press = async (key: string) => {
    keys++;
    await page.keyboard.press(key);
  };
  const chosen = page.locator('.start-cards input:checked');
  await press('Tab');
  await press('Tab');
  await expect(page.locator('.page-skip').getByRole('link', { name: 'Start' })).toBeFocused();
  // The sheet comes with the second file, which is fetched once the page is ready.
  await expect(page.locator('.start-cards')).toBeAttached();
  await press('Enter');
  await expect(chosen).toBeFocused();
  const before = await chosen.inputValue();
  await press('ArrowUp');
  await press('ArrowDown');
  await expect(chosen).toHaveValue(before);
  await expect(page.locator('[data-start="run"]')).toBeEnabled();
  await press('s');
  await expect(page.locator('[data-start="run"]')).toBeFocused();
  await press('Enter');
  const job = await shownJob(page);
  await expect(dialog(page, job)).toBeVisible();
  expect(keys).toBeLessThan(12);
  await ends(watched, server, job, 'completed');
});

test('j and k lead to the files from anywhere on the page, but are letters in a field', async ({ page, serve }) => {
  const server = await serve(three, { config });
  await open(page, server.url);
  const row = (index: number) => page.locator(`.library-list tr[data-index="${index}"]`);
  await expect(row(0)).toBeVisible();
  expect(await focused(page)).toBe('BODY');
  await page.keyboard.press('j');
  await expect(row(0)).toBeFocused();
  await page.keyboard.press('j');
  await expect(row(1)).toBeFocused();
  await page.getByRole('link', { name: 'Jobs', exact: true }).focus();
  await page.keyboard.press('k');
  await expect(row(1)).toBeFocused();
  // With a modifier, a letter belongs to the browser.
  await page.keyboard.press('Alt+j');
  await expect(row(1)).toBeFocused();
  await page.keyboard.press('/');
  await page.keyboard.type('jks');
  await expect(page.getByRole('searchbox')).toHaveValue('jks');
  await page.getByRole('searchbox').fill('');

  const job = await begin(server, mint(), 'checksum');
  await over(server, job);
  await details(page, server, job);
  await expect(page.locator('.items tbody tr[data-item="0"]')).toBeVisible();
  await page.keyboard.press('j');
  await expect(page.locator('.items tbody tr[data-item="0"]')).toBeFocused();
  await page.keyboard.press('j');
  await expect(page.locator('.items tbody tr[data-item="1"]')).toBeFocused();
});

test('Enter opens the row that the keyboard is on, whatever is selected', async ({ page, serve }) => {
  const server = await serve((server) => {
    server.file('folder/inside');
    server.file('plain');
  });
  const job = await begin(server, mint(), 'checksum', { query: { paths: ['plain'] } });
  await over(server, job);
  await open(page, server.url);
  const row = (name: string) => page.locator('.library-list tr[data-index]', { hasText: name });
  await expect(row('plain').locator('.status-badge')).toBeVisible();
  for (const name of ['folder', 'plain']) {
    await row(name).focus();
    await page.keyboard.press('x');
    await expect(row(name)).toHaveAttribute('aria-selected', 'true');
  }
  await row('folder').focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/folder=folder/);
  await expect(row('inside')).toBeVisible();
  // Back leads to the row that was left.
  await page.goBack();
  await expect(row('folder')).toBeFocused();
  await row('plain').focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/jobs/${job}`));
  await page.goBack();
  await expect(row('plain')).toBeFocused();
});

test('after Back the focus is on the row that was left, or on the heading, never nowhere', async ({ page, serve }) => {
  const server = await serve(three, { config });
  const jobs = [mint(), mint()];
  for (const [at, job] of jobs.entries()) await over(server, await begin(server, job, 'checksum', { title: `Job ${at}` }));
  await open(page, `${server.url}/jobs`);
  const link = page.getByRole('link', { name: 'Job 0', exact: true });
  await link.click();
  await expect(page).toHaveURL(`${server.url}/jobs/${jobs[0]}`);
  await expect(page.getByRole('heading', { name: 'Job 0', level: 1 })).toBeFocused();
  await page.goBack();
  await expect(link).toBeFocused();
  // A page without such a link.
  await page.getByRole('navigation', { name: 'Pages', exact: true }).getByRole('link', { name: 'Library' }).click();
  await expect(page.locator('h1.breadcrumbs')).toBeFocused();
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Jobs', level: 1 })).toBeFocused();
});
