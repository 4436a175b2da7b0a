// What a start would process is what the page shows, however slow the list is.
import type { Page } from '@playwright/test';
import { begin, choose, config, over } from './helper/job';
import { expect, test } from './helper/fixtures';
import { open, shownJob } from './helper/page';
import { mint, type Server } from './helper/server';

const seventeen = (server: Server) => {
  for (let index = 0; index < 12; index++) server.file(`f${index}.txt`, 'a');
  for (let index = 0; index < 5; index++) server.file(`sub/x${index}.txt`, 'b');
};

const run = (page: Page) => page.locator('[data-start="run"]');
const rows = (page: Page) => page.locator('.ui-listing tbody tr');
const jobs = async (server: Server) => (await server.get('/api/jobs')).jobs.length;

/** Holds every answer about a list until it is let go. */
async function slow(page: Page) {
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route('**/api/fn/folder*', async (route) => { await held; await route.continue(); });
  return answer;
}

const crumb = (page: Page) => page.locator('.breadcrumbs a').first();
const into = (page: Page) => page.locator('.ui-listing').getByRole('link', { name: /^sub/ });
const cases: [string, string, number, (page: Page) => Promise<void>, number][] = [
  ['the search is cleared', '/?library=files&search=f11', 1, (page) => page.getByRole('searchbox').fill(''), 17],
  ['a folder is entered', '/', 17, (page) => into(page).click(), 5],
  ['a folder is left by its breadcrumb', '/?library=files&folder=sub', 5, (page) => crumb(page).click(), 17],
  ['a filter is left', '/?library=files&search=x%3F.txt&show=unprocessed', 5, (page) => page.getByRole('link', { name: /^All/ }).click(), 5],
];

for (const [what, path, before, act, after] of cases) {
  test(`no start is offered for the list before, while the next is read: ${what}`, async ({ page, serve }) => {
    const server = await serve(seventeen, { config });
    await open(page, server.url + path);
    await choose(page, 'upper');
    await expect(run(page)).toHaveText(new RegExp(`^Process ${before} files?$`));
    await isOfferedOnceRead(page, server, () => act(page), after);
  });
}

test('no start is offered for the list before, while the next is read: Back', async ({ page, serve }) => {
  const server = await serve(seventeen, { config });
  await open(page, server.url);
  await choose(page, 'upper');
  await into(page).click();
  await expect(run(page)).toHaveText('Process 5 files');
  await isOfferedOnceRead(page, server, async () => void (await page.goBack()), 17);
});

async function isOfferedOnceRead(page: Page, server: Server, act: () => Promise<void>, after: number) {
  const address = page.url();
  const answer = await slow(page);
  await act();
  await expect.poll(() => page.url()).not.toBe(address);
  for (const way of ['run', 'plan']) await expect(page.locator(`[data-start="${way}"]`)).toBeDisabled();
  await expect(page.locator('[data-start="sample"]')).toBeDisabled();
  await expect(run(page)).not.toContainText(/\d/);
  answer();
  await expect(run(page)).toHaveText(`Process ${after} files`);
  await run(page).click();
  const job = await shownJob(page);
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).counters?.total).toBe(after);
}

test('what is selected is what runs, also while another list is read', async ({ page, serve }) => {
  const server = await serve(seventeen, { config });
  await open(page, `${server.url}/?library=files&folder=sub`);
  await choose(page, 'upper');
  const answer = await slow(page);
  await crumb(page).click();
  await expect(run(page)).toBeDisabled();
  await rows(page).filter({ hasText: 'x3.txt' }).getByRole('checkbox').check();
  await expect(run(page)).toHaveText('Process 1 file');
  await run(page).click();
  const job = await shownJob(page);
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).status).toBe('completed');
  expect(['x3', 'x4'].map((name) => server.read(`sub/${name}.txt`))).toEqual(['B', 'b']);
  expect(await jobs(server)).toBe(1);
  answer();
  await expect(run(page)).toHaveText('Process 17 files');
});

test('a selection of everything that is shown ends when something else is shown', async ({ page, serve }) => {
  const server = await serve(seventeen, { config });
  await open(page, server.url);
  await page.getByRole('checkbox', { name: 'Select all files listed so far' }).check();
  await page.getByRole('button', { name: 'Select all 17 in this folder and below' }).click();
  await expect(page.locator('.start-bar')).toContainText('17 files, 17 B selected');
  await into(page).click();
  await expect(run(page)).toHaveText('Process 5 files');
  await expect(page.locator('.start-bar')).not.toContainText('selected');
});

test('beside files that failed, the button names the recipe that will run on them', async ({ page, serve }) => {
  const server = await serve((server) => { server.file('a', '7'); server.file('b', '0'); }, { config });
  await over(server, await begin(server, mint(), 'slow'));
  await open(page, `${server.url}/?show=failed`);
  await expect(rows(page)).toHaveCount(1);
  await expect(run(page)).toHaveText('Run Checksum on 1 file');
  await choose(page, 'slow');
  await expect(run(page)).toHaveText('Run Slow on 1 file');
  await open(page, server.url);
  await expect(run(page)).toHaveText('Process 2 files');
});
