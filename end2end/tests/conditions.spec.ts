// Files chosen by size, age and type in the start sheet, and what the plan says of those that are left out.
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { accessible } from './helper/axe';
import { choose, config, over, sheet } from './helper/job';
import { dialog, open, shownJob } from './helper/page';
import { expect, test } from './helper/fixtures';
import type { Server } from './helper/server';

const DAY = 86_400;

/** Four files: a small one, a large one, an old one, and a picture under another name. */
function four(server: Server) {
  server.file('small', 'x');
  server.file('large', 'x'.repeat(3_000));
  server.file('old', 'x'.repeat(1_500));
  server.file('page', `<svg xmlns="http://www.w3.org/2000/svg">${' '.repeat(1_500)}</svg>`);
  const then = Date.now() / 1_000 - 40 * DAY;
  utimesSync(join(server.library, 'old'), then, then);
}

const which = (page: Page) => page.locator('.start-policy', { hasText: 'Which files:' });
const field = (page: Page, name: string) => which(page).locator(`[name="${name}"]`);

async function unfolded(page: Page) {
  await sheet(page);
  await which(page).evaluate((one) => one.setAttribute('open', ''));
}

/** Fills a field and leaves it, as a person does. */
async function type(page: Page, name: string, text: string) {
  await field(page, name).fill(text);
  await field(page, name).blur();
}

test('a plan counts what is left out by size, age and type, each with its reason', async ({ page, serve }) => {
  const server = await serve(four, { config });
  await open(page, server.url);
  await choose(page, 'checksum');
  await unfolded(page);
  await expect(which(page).locator('summary')).toHaveText('Which files: of any size, age and type');
  await type(page, 'min_size', '1k');
  await type(page, 'newer_than', '30d');
  await which(page).getByRole('checkbox', { name: 'Images' }).check();
  await expect(which(page).locator('summary')).toHaveText('Which files: at least 1 kB, changed within 30d, images');
  await page.setViewportSize({ width: 1100, height: 2_400 });
  await accessible(page, 'the conditions');
  await page.getByRole('button', { name: 'Show the plan' }).click();
  const job = await shownJob(page);
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).status).toBe('planned');
  const { request, counters } = await server.get(`/api/jobs/${job}`);
  expect(request.conditions).toMatchObject({ min_size: 1_000, newer_than: { ago_ms: 30 * DAY * 1_000 }, types: ['image'] });
  expect([counters.waiting, counters.skipped_in_plan]).toEqual([1, 3]);
  const plan = dialog(page, job).locator('.plan');
  for (const reason of ['smaller than asked for', 'older than asked for', 'of another type than asked for']) {
    await expect(plan.getByRole('link', { name: `1 ${reason}` })).toBeVisible();
  }
  await plan.getByRole('link', { name: '1 of another type than asked for' }).click();
  await expect(page.locator('.job-files')).toContainText('large');
  await expect(page.locator('.job-files')).not.toContainText('small');
});

test('what cannot be read, or no file can meet, says so at its field and starts nothing', async ({ page, serve }) => {
  const server = await serve(four, { config });
  await open(page, server.url);
  await choose(page, 'checksum');
  await unfolded(page);
  await type(page, 'max_size', 'much');
  const wrong = (name: string) => page.locator(`#wrong-${name}`);
  await expect(wrong('max_size')).toContainText('Write a whole number of bytes');
  await expect(field(page, 'max_size')).toHaveAttribute('aria-invalid', 'true');
  await page.locator('[data-start="run"]').click();
  await expect(field(page, 'max_size')).toBeFocused();
  await type(page, 'max_size', '1k');
  await expect(wrong('max_size')).toBeEmpty();
  await type(page, 'min_size', '2k');
  await expect(wrong('min_size')).toContainText('no file can have both');
  await type(page, 'min_size', '');
  await type(page, 'newer_than', '1d');
  await type(page, 'older_than', '1w');
  await expect(wrong('newer_than')).toContainText('no file can be both');
  await type(page, 'older_than', '2024-02-30');
  await expect(wrong('older_than')).toContainText('Write an age such as');
  expect((await server.get('/api/jobs')).jobs).toEqual([]);
  await type(page, 'older_than', '');
  await page.locator('[data-start="run"]').click();
  const job = await shownJob(page);
  expect(await over(server, job)).toBe('completed');
  const { counters } = await server.get(`/api/jobs/${job}`);
  expect([counters.succeeded, counters.skipped]).toEqual([1, 3]);
});

test('a preset fills the conditions, and keeps what its fields show less exactly', async ({ page, serve }) => {
  const server = await serve(four, { config });
  const conditions = { max_size: 1_048_576, older_than: { ago_ms: 86_400_001 }, types: ['image', 'text/rtf'] };
  const body = JSON.stringify({ library: 'files', recipe: 'checksum', query: { folder: {} }, conditions });
  const address = `${new URL(server.url).origin}/api/v1/presets/old`;
  const answer = await fetch(address, { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
  expect(answer.status, await answer.text()).toBe(200);
  await open(page, server.url);
  await unfolded(page);
  await type(page, 'min_size', '5');
  await page.locator('.start-preset[data-preset="old"] button.start-preset-card').click();
  await expect(field(page, 'min_size')).toHaveValue('');
  await expect(field(page, 'max_size')).toHaveValue('1Mi');
  await expect(field(page, 'older_than')).toHaveValue('1d');
  await expect(which(page).getByRole('checkbox', { name: 'text/rtf' })).toBeChecked();
  await type(page, 'max_size', '2Mi');
  await which(page).getByRole('checkbox', { name: 'text/rtf' }).click();
  // Nobody can want it again: it was there only with the preset.
  await expect(which(page).getByRole('checkbox', { name: 'text/rtf' })).toHaveCount(0);
  await which(page).getByRole('checkbox', { name: 'Text', exact: true }).check();
  await page.locator('[data-start="run"]').click();
  const job = await shownJob(page);
  expect(await over(server, job)).toBe('completed');
  const { request, counters } = await server.get(`/api/jobs/${job}`);
  expect(request.conditions).toMatchObject({ max_size: 2_097_152, older_than: { ago_ms: 86_400_001 }, types: ['image', 'text'] });
  expect(request.conditions.min_size).toBeUndefined();
  expect(counters.succeeded).toBe(1);
});
