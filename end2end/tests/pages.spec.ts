// The pages themselves: choosing files, the keyboard, and addresses that lead nowhere.
import { mkdirSync } from 'node:fs';
import { dialog, ends, open, processAll, ready, shownJob, tenFiles } from './helper/page';
import { sheet } from './helper/job';
import { expect, test } from './helper/fixtures';
import { mint } from './helper/server';

test('selected files are processed, and only they', async ({ page, serve, watched }) => {
  const server = await serve(tenFiles);
  await open(page, server.url);
  const button = page.locator('[data-start="run"]');
  await expect(button).toHaveText('Process 10 files');
  for (const name of ['2.txt', '7.txt']) await page.getByRole('checkbox', { name: `Select ${name}` }).check();
  await sheet(page);
  await page.getByLabel('Algorithm').selectOption('both');
  await expect(button).toHaveText('Process 2 files');
  await button.click();
  const job = await shownJob(page);
  const truth = await ends(watched, server, job, 'completed');
  expect(truth.counters.total).toBe(2);
  const { items } = await server.get(`/api/jobs/${job}/items`);
  expect(items.map((item: any) => item.path)).toEqual(['2.txt', '7.txt']);
  expect(Object.keys(items[0].result).sort()).toEqual(['blake3', 'mtime_ns', 'sha256', 'size']);
  await expect(page.locator('.ui-listing .status-badge[data-status="succeeded"]')).toHaveCount(2);
});

test('a folder of many files is paged by the server without JavaScript', async ({ browser, serve }) => {
  const server = await serve((server) => {
    for (let index = 0; index < 250; index++) server.file(`deep/er/${String(index).padStart(3, '0')}`);
  });
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const page = await plain.newPage();
  await page.goto(server.url);
  await page.getByRole('link', { name: 'deep' }).click();
  await page.getByRole('link', { name: 'er' }).click();
  await expect(page.locator('.ui-pages')).toContainText('1–50 of 250');
  await page.getByRole('link', { name: 'Next' }).click();
  await expect(page.locator('.ui-pages')).toContainText('51–100 of 250');
  await expect(page.locator('.ui-listing tbody tr').first()).toContainText('050');
  await page.getByRole('link', { name: 'Previous' }).click();
  await expect(page.locator('.ui-pages')).toContainText('1–50 of 250');
  await page.locator('.breadcrumbs').getByRole('link', { name: 'deep' }).click();
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(1);
  await plain.close();
});

test('names that are hard to show are shown, and processed', async ({ page, serve, watched }) => {
  const names = ['a b.txt', '-dash', "it's \"quoted\"", 'new\nline', 'back\\slash', '100%', '<b>bold', 'שלום.txt', 'ü'.repeat(100)];
  const server = await serve((server) => {
    names.forEach((name) => server.file(name, name));
    mkdirSync(`${server.library}/a & b?c#d 50%`);
    server.file('a & b?c#d 50%/inside');
  });
  await open(page, server.url);
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(names.length + 1);
  await expect(page.locator('.ui-listing')).toContainText('new↵line');
  await expect(page.locator('.ui-listing')).toContainText('100%');
  await expect(page.locator('.ui-listing')).not.toContainText('%25');
  await expect(page.locator('.ui-listing')).toContainText('<b>bold');
  await page.getByRole('link', { name: 'a & b?c#d 50%' }).click();
  await expect(page.locator('.ui-listing tbody:not(.ui-room)')).toContainText('inside');
  await page.locator('.breadcrumbs').getByRole('link').click();
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(names.length + 1);
  const job = await processAll(page);
  const truth = await ends(watched, server, job, 'completed');
  expect(truth.counters.succeeded).toBe(names.length + 1);
});

test('the dialog is a dialog: named, a progress bar inside, focus kept, Escape minimises', async ({ page, serve, watched }) => {
  const server = await serve((server) => server.slowFiles(30, 30_000_000), { args: ['--workers', '1'] });
  await open(page, server.url);
  const job = await processAll(page);
  const shown = page.getByRole('dialog', { name: 'Progress of a job' });
  await expect(shown).toBeVisible();
  const bar = shown.getByRole('progressbar', { name: 'Files done' });
  await expect(bar).toHaveAttribute('aria-valuemax', '30');
  for (let press = 0; press < 8; press++) {
    await page.keyboard.press('Tab');
    const inside = await page.evaluate(() => document.activeElement === document.body || !!document.activeElement?.closest('dialog'));
    expect(inside).toBe(true);
  }
  await page.keyboard.press('Escape');
  await expect(shown).toHaveCount(0);
  await page.locator(`.pill[data-job="${job}"]`).press('Enter');
  await expect(dialog(page, job)).toBeVisible();
  await dialog(page, job).getByRole('button', { name: 'Cancel job' }).click();
  await ends(watched, server, job, 'cancelled');
});

test('addresses that lead nowhere say so', async ({ page, serve, allow }) => {
  allow(/the server responded with a status of 404/);
  const server = await serve(tenFiles);
  for (const [path, says] of [
    ['/nothing', 'There is no such page'],
    ['/jobs/process-selected', 'There is no such job'],
    ['/jobs/01890a5d-ac96-774b-bcce-b302099a8057', 'There is no job'],
    ['/?folder=missing', 'is not there'],
    ['/?folder=../etc', '`..`'],
    ['/?library=other', 'There is no library "other"'],
  ]) {
    await page.goto(server.url + path);
    await ready(page);
    await expect(page.locator('main')).toContainText(says);
    // What names nothing is not offered for processing.
    await expect(page.locator('[data-start="run"]:visible')).toHaveCount(0);
  }
});

test('the list of jobs begins empty and moves by itself', async ({ page, serve, watched }) => {
  const server = await serve(tenFiles);
  await open(page, `${server.url}/jobs`);
  await expect(page.getByText('No job has been run yet')).toBeVisible();
  await page.getByRole('navigation', { name: 'Pages', exact: true }).getByRole('link', { name: 'Library' }).click();
  const job = await processAll(page);
  await ends(watched, server, job, 'completed');
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Jobs' }).click();
  const row = page.locator(`tr[data-job="${job}"]`);
  await expect(row.locator('.status-badge')).toHaveAttribute('data-status', 'completed');
  await expect(row).toContainText('10 / 10');
});

test.describe('for a reader of German', () => {
  test.use({ locale: 'de-DE' });

  test('numbers and sizes have the marks of the language, in what the server wrote and after hydration', async ({ page, serve, request }) => {
    const server = await serve((server) => {
      for (let number = 0; number < 1_200; number++) server.file(`${number}`, 'x');
      server.file('large', 'x'.repeat(1_500_000));
    });
    const written = await (await request.get(server.url, { headers: { 'accept-language': 'de-DE,de;q=0.9,en;q=0.8' } })).text();
    expect(written).toContain('data-marks=".,"');
    await open(page, server.url);
    await expect(page.getByRole('button', { name: 'Process 1.201 files' })).toBeVisible();
    const large = page.locator('.ui-listing tbody tr', { hasText: 'large' }).locator('.entry-size');
    await page.locator('.ui-search').first().fill('large');
    await expect(large).toHaveText('1,5 MB');
  });
});

test('what is not there yet appears once it is, and no browser is to translate what the program writes', async ({ page, serve, allow }) => {
  allow(/the server responded with a status of 404/);
  const server = await serve(tenFiles);
  const job = mint();
  await page.goto(`${server.url}/jobs/${job}`);
  await ready(page);
  await expect(page.locator('main')).toContainText('There is no job');
  expect((await server.put(job)).status).toBe(201);
  await expect(page.locator('main .status-badge').first()).toHaveText('completed');
  await page.goto(`${server.url}/?folder=later`);
  await ready(page);
  await expect(page.locator('main')).toContainText('is not there');
  server.file('later/one');
  await expect(page.locator('main')).toContainText('one');
  await expect(page.locator('html')).toHaveAttribute('translate', 'no');
});
