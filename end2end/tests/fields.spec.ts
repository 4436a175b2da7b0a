// What a field shows is what is requested, even if it was entered before, is wrong, or an address has changed.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { begin, choose, config, details, followed, over, three } from './helper/job';
import { dialog, open, shownJob } from './helper/page';
import { BROKEN, expect, test } from './helper/fixtures';
import { mint } from './helper/server';

test('the fields of an output say what runs, and a text that names no folder is refused at its field', async ({ page, serve }) => {
  const server = await serve(three, { config });
  await open(page, server.url);
  await choose(page, 'upper');
  const smaller = page.locator('input[name="smaller"]');
  await smaller.check();
  // Another recipe has no output; what was chosen for the first is shown when it is chosen again.
  await choose(page, 'checksum');
  await expect(smaller).toHaveCount(0);
  await choose(page, 'upper');
  await expect(smaller).toBeChecked();
  await smaller.uncheck();
  await page.locator('select[name="output"]').selectOption('folder');
  const folder = page.locator('input[name="output-folder"]');
  await expect(folder).toHaveValue('converted');
  await folder.fill('../outside');
  await page.locator('[data-start="plan"]').click();
  await expect(page.locator('#wrong-output-folder')).toContainText('`..`');
  await expect(folder).toHaveAttribute('aria-invalid', 'true');
  await expect(folder).toBeFocused();
  await expect(page.locator('dialog')).toHaveCount(0);
  await folder.fill('small ones');
  await folder.press('Enter');
  await expect(folder).toBeFocused();
  await expect(page.locator('#wrong-output-folder')).toBeEmpty();
  await page.locator('[data-start="plan"]').click();
  const job = await shownJob(page);
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).status).toBe('planned');
  expect((await server.get(`/api/jobs/${job}`)).request.output).toEqual({ place: { folder: { path: 'small ones' } } });
  await dialog(page, job).getByRole('button', { name: 'Discard' }).click();
});

test('every field that is wrong says so at once, whoever found it', async ({ page, serve }) => {
  const server = await serve(three, { config });
  await open(page, server.url);
  await choose(page, 'verify');
  await page.getByText(/^If a file fails/).click();
  await page.locator('input[name="tries"]').fill('0');
  await page.getByText(/^If a file takes long/).click();
  await page.locator('input[name="timeout"][value="after"]').check();
  await page.locator('input[name="timeout_after"]').fill('-1');
  await page.locator('[data-start="run"]').click();
  // Two fields that the page cannot read, and a setting that the server would have missed.
  await expect(page.locator('#wrong-tries')).toContainText('whole number');
  await expect(page.locator('#wrong-timeout_after')).toContainText('whole number');
  await expect(page.locator('#wrong-manifest')).toContainText('is missing');
  await expect(page.locator('.start-panel [aria-invalid="true"]').first()).toBeFocused();
  await expect(page.locator('dialog')).toHaveCount(0);
  expect((await server.get('/api/jobs')).jobs).toEqual([]);
});

test('Back from a search leads to where it began, and the field says what is listed', async ({ page, serve }) => {
  const server = await serve((server) => ['a/IMG_1', 'a/IMG_2', 'a/other'].forEach((path) => server.file(path)));
  await open(page, server.url);
  await page.locator('.entry-folder').click();
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(3);
  const field = page.getByRole('searchbox');
  await field.pressSequentially('IMG_1', { delay: 200 });
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(1);
  await expect(field).toBeFocused();
  await page.goBack();
  await expect(page).toHaveURL(/folder=a$/);
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(3);
  await expect(field).toHaveValue('');
});

test('the bar never says that the disk is read where it is not', async ({ page, serve, allow }) => {
  allow(BROKEN);
  const server = await serve((server) => {
    server.file('a/inside');
    server.file('empty/gone');
    server.remove('empty/gone');
  });
  const said = page.locator('.start-bar-what');
  await open(page, `${server.url}/?folder=empty`);
  await expect(said).toHaveText('No file here.');
  await open(page, server.url);
  await expect(said).toContainText('1 file here');
  await server.stop('SIGKILL');
  await page.locator('.entry-folder', { hasText: 'a' }).click();
  await expect(page.locator('main .ui-error', { hasText: 'did not answer' })).toBeVisible();
  await expect(said).toHaveText('How many files there are is not known');
});

test('what is no file is counted once, and its number leads to it', async ({ page, serve }) => {
  const server = await serve((server) => {
    server.file('a');
    symlinkSync('a', join(server.library, 'link'));
  });
  const job = mint();
  await server.put(job);
  await over(server, job);
  await details(page, server, job);
  await expect(page.locator('.head-count[data-status="all"]')).toHaveText('= 2 entries: 1 file');
  await expect(page.locator('.job-files .ui-filters a').first()).toHaveText(/^all\s+2$/);
  await page.locator('.head-count').getByRole('link', { name: '1 left out' }).click();
  await followed(page);
  await expect(page.locator('.items tbody tr')).toHaveCount(1);
  await expect(page.locator('.items tbody tr')).toContainText('link');
  await expect(page.locator('.items-matches')).toHaveText('1 of 2 entries');
});

test('what a job was asked for can be planned again', async ({ page, serve }) => {
  const server = await serve(three, { config });
  const asked = { query: { paths: ['a', 'b'] }, policy: { tries: 2 } };
  const job = await begin(server, mint(), 'upper', asked);
  await over(server, job);
  await details(page, server, job);
  await page.getByText('Settings', { exact: true }).click();
  await page.getByRole('button', { name: 'Plan the same again' }).click();
  const again = await shownJob(page);
  await expect(dialog(page, again).getByRole('button', { name: 'Discard' })).toBeVisible();
  expect((await server.get(`/api/jobs/${again}`)).request).toMatchObject({ recipe: 'upper', approval: true, ...asked });
  await dialog(page, again).getByRole('button', { name: 'Discard' }).click();
  expect(await over(server, again)).toBe('cancelled');
});

test('a command from a terminal can be retried on the page, and not started over other files', async ({ page, serve }) => {
  const server = await serve((server) => {
    server.file('a', 'yes');
    server.file('b', 'no');
  });
  expect(server.run('--', 'grep', '-q', 'yes', '{}', ':::', 'a', 'b')).toBe(1);
  await details(page, server, (await server.get('/api/jobs')).jobs[0].job);
  await page.getByText('Settings', { exact: true }).click();
  await expect(page.locator('.job-settings')).toContainText('This command was started in a terminal.');
  await expect(page.getByRole('button', { name: 'Plan the same again' })).toHaveCount(0);
  server.file('b', 'yes');
  await page.getByRole('button', { name: 'Retry 1 failed' }).click();
  expect(await over(server, await shownJob(page))).toBe('completed');
});
