// The map of a job: a cell for each file, which agrees with the counts and leads to the files.
import type { Page } from '@playwright/test';
import { begin, config, count, details, over } from './helper/job';
import { accessible } from './helper/axe';
import { expect, test } from './helper/fixtures';
import { mint } from './helper/server';
import { dialog, open, processAll } from './helper/page';
import { fits } from './helper/widths';

/** How many cells of the first row have this colour at their corner, read from the canvas. */
const cells = (page: Page, status: string) =>
  page.evaluate((status) => {
    const canvas = document.querySelector<HTMLCanvasElement>('.map canvas')!;
    const wanted = getComputedStyle(document.querySelector(`.map-legend [data-status="${status}"]`)!).backgroundColor;
    const context = canvas.getContext('2d')!;
    let found = 0;
    for (let at = 0; at < 40; at++) {
      const [red, green, blue, alpha] = context.getImageData(at * 20 + 1, 1, 1, 1).data;
      if (alpha === 255 && `rgb(${red}, ${green}, ${blue})` === wanted) found += 1;
    }
    return found;
  }, status);

test('a cell for each file says what the counts say, names its file, and leads to it', async ({ page, serve, allow }) => {
  // Only this spec reads the canvas back.
  allow(/willReadFrequently/);
  const server = await serve(
    (server) => {
      for (let index = 0; index < 40; index++) server.file(`f${String(index).padStart(2, '0')}`, index % 5 === 3 ? '7' : '0');
      server.file('../hold-f20');
    },
    { config, args: ['--workers', '1'] },
  );
  const job = await begin(server, mint(), 'slow');
  await details(page, server, job);
  await expect(count(page, 'succeeded')).toHaveText('16');
  await expect.poll(() => cells(page, 'failed')).toBe(4);
  await expect.poll(() => cells(page, 'succeeded')).toBe(16);
  await expect.poll(() => cells(page, 'running')).toBe(1);
  // Numbers, filters and legend are in one order.
  const inOrder = (selectors: string) =>
    page.locator(selectors).evaluateAll((all) => {
      const seen = (all as HTMLElement[]).filter((one) => one.offsetParent && one.innerText.trim()).map((one) => ({ at: one.getBoundingClientRect().left, word: one.innerText.replace(/[\s\d]/g, '') }));
      return seen.sort((one, other) => one.at - other.at).map(({ word }) => word);
    });
  const order = ['done', 'failed', 'running', 'waiting'];
  expect(await inOrder('.head-count:not([data-status="all"])')).toEqual(order);
  expect((await inOrder('.job-files .ui-filters a')).slice(1)).toEqual(order);
  expect(await inOrder('.map-legend li')).toEqual(order);
  const canvas = page.locator('.map canvas');
  const before = await canvas.boundingBox();
  server.remove('../hold-f20');
  expect(await over(server, job)).toBe('completed_with_errors');
  await expect.poll(() => cells(page, 'failed')).toBe(8);
  await expect.poll(() => cells(page, 'succeeded')).toBe(32);

  const pointed = page.locator('.map-pointed');
  await canvas.hover({ position: { x: 8 * 20 + 5, y: 5 } });
  await expect(pointed).toHaveText('f08 failed');
  // By keyboard: from the pointer's last cell, or from the first.
  await page.mouse.move(0, 0);
  await expect(pointed).toBeEmpty();
  await canvas.focus();
  await page.keyboard.press('ArrowRight');
  await expect(pointed).toHaveText('f00 done');
  await page.keyboard.press('ArrowRight');
  await expect(pointed).toHaveText('f01 done');
  await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('Shift+ArrowRight');
  await expect(page.locator('.items tbody tr')).toHaveCount(3);
  expect(new URL(page.url()).search).toBe('?first=1&last=3');
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await expect(page.locator('.drawer h2')).toHaveText('f39');
  await page.keyboard.press('Escape');

  // The list shows the cells that were dragged over, also after a reload.
  await expect(page.locator('.drawer')).toHaveCount(0);
  expect((await canvas.boundingBox())!.height).toBe(before!.height);
  await canvas.hover({ position: { x: 3 * 20 + 5, y: 5 } });
  await page.mouse.down();
  await canvas.hover({ position: { x: 6 * 20 + 5, y: 5 } });
  await canvas.hover({ position: { x: 9 * 20 + 5, y: 5 } });
  await page.mouse.up();
  const rows = page.locator('.items tbody tr');
  await expect(rows).toHaveCount(7);
  expect(new URL(page.url()).search).toBe('?first=3&last=9');
  await page.reload();
  await expect(rows).toHaveCount(7);
  await expect(rows.first()).toContainText('f03');
  await page.mouse.move(0, 0);
  await expect(page.locator('.items-only').first()).toHaveText('Only files 4 to 10 of the job. Show the files before and after as well');
  await page.locator('.items-only').getByRole('link', { name: 'Show the files before' }).click();
  await expect(rows).toHaveCount(40);

  // A change of style is painted at once, even if nothing else changes any more.
  const colour = () => page.evaluate(() => getComputedStyle(document.querySelector('.map-legend [data-status="failed"]')!).backgroundColor);
  const light = await colour();
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(colour).not.toBe(light);
  await expect.poll(() => cells(page, 'failed')).toBe(8);

  // The same for people who cannot see the map.
  await page.getByText('As a table').click();
  const numbers = await page.locator('.map-table tbody td').allTextContents();
  expect(numbers.map(Number).reduce((sum, number) => sum + number)).toBe(40);
  await page.locator('.map-table').getByRole('link', { name: '37 to 40' }).click();
  await expect(rows).toHaveCount(4);
});

test('the cells are grouped by folder or by size, with their names, and the arrows and the table follow', async ({ page, serve, allow }) => {
  allow(/willReadFrequently/);
  const server = await serve(
    (server) => {
      for (let number = 0; number < 30; number++) server.file(`a/${String(number).padStart(2, '0')}`, number === 3 ? '7' : '0');
      for (let number = 0; number < 5; number++) server.file(`b/${number}`, `0${' '.repeat(20_000)}`);
    },
    { config },
  );
  const job = await begin(server, mint(), 'slow');
  await over(server, job);
  await details(page, server, job);
  const box = page.locator('.map-box');
  // What follows stands right below, on a small phone, too.
  for (const width of [320, 1100]) {
    await page.setViewportSize({ width, height: 800 });
    const [map, table] = [await box.boundingBox(), await page.locator('.map-table').boundingBox()];
    expect(table!.y - map!.y - map!.height, `below the map at ${width} px`).toBeLessThan(12);
  }
  // One row of cells needs no more room than that.
  expect((await box.boundingBox())!.height).toBe(20);
  const order = page.getByLabel('Order of the map');
  const headings = page.locator('.map-group');
  await order.selectOption('by folder');
  await expect(headings).toHaveText(['a 30 files', 'b 5 files']);
  await expect.poll(async () => (await box.boundingBox())!.height).toBe(2 * (20 + 22));
  const canvas = page.locator('.map canvas');
  const pointed = page.locator('.map-pointed');
  await canvas.hover({ position: { x: 3 * 20 + 5, y: 22 + 5 } });
  await expect(pointed).toHaveText('a/03 failed');
  await canvas.hover({ position: { x: 5, y: 22 + 20 + 22 + 5 } });
  await expect(pointed).toHaveText('b/0 done');
  await page.mouse.move(0, 0);
  await canvas.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await expect(pointed).toHaveText('b/1 done');
  await page.keyboard.press('Shift+ArrowRight');
  await expect(page.locator('.items tbody tr')).toHaveCount(2);
  await headings.getByRole('link', { name: 'b' }).click();
  await expect(page.locator('.items tbody tr')).toHaveCount(5);
  await page.getByText('As a table').click();
  await expect(page.locator('.map-table tbody th')).toHaveText(['a', 'b']);
  await accessible(page, 'a map in groups');
  await fits(page, 'a map in groups');

  await order.selectOption('by size');
  await expect(headings).toHaveText(['under 10 kB 30 files', '10 to 100 kB 5 files']);
  await expect(page.locator('.map-table tbody th')).toHaveText(['under 10 kB', '10 to 100 kB']);
  await order.selectOption('in the order of the job');
  await expect(headings).toHaveCount(0);
  await expect.poll(async () => (await box.boundingBox())!.height).toBe(20);
});

test('a map that is built in the browser has its width, whichever link led to it', async ({ page, serve }) => {
  const server = await serve((server) => server.slowFiles(40, 20_000_000), { args: ['--workers', '1'] });
  await open(page, server.url);
  const job = await processAll(page);
  await dialog(page, job).getByRole('link', { name: 'Details' }).click();
  const width = async () => (await page.locator('.map canvas').boundingBox())?.width ?? 0;
  await expect.poll(width).toBeGreaterThan(200);
});
