// A button does not move while it is clicked, and nothing covers it.
import { choose, config, details, openFile, over, begin, three } from './helper/job';
import { dialog, open, shownJob } from './helper/page';
import { expect, test } from './helper/fixtures';
import { mint } from './helper/server';

test('a click on a button of the dialog counts although the dialog grows between press and release', async ({ page, serve }) => {
  const server = await serve(three, { config });
  let release = () => {};
  const gate = new Promise<void>((done) => (release = done));
  // What a plan shows of its files comes late.
  await page.route('**/api/fn/load*', async (route) => {
    await gate;
    await route.continue();
  });
  await open(page, server.url);
  await choose(page, 'slow');
  await page.locator('[data-start="plan"]').click();
  const job = await shownJob(page);
  const discard = dialog(page, job).getByRole('button', { name: 'Discard' });
  await expect(dialog(page, job).locator('.plan')).toBeVisible();
  await discard.hover();
  const before = await discard.boundingBox();
  await page.mouse.down();
  release();
  await expect(dialog(page, job).locator('.plan-commands pre')).toBeVisible();
  expect(await discard.boundingBox()).toEqual(before);
  await page.mouse.up();
  expect(await over(server, job)).toBe('cancelled');
});

test('on a wide screen the drawer of a file covers no button of its job', async ({ page, serve }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  const server = await serve(three, { config });
  ['a', 'b', 'c'].forEach((name) => server.file(name, '7'));
  const job = await begin(server, mint(), 'slow');
  await over(server, job);
  await details(page, server, job);
  await openFile(page, 1);
  await page.evaluate(() => scrollTo(0, 0));
  const buttons = page.locator('main :is(button, a.ui-button):visible');
  const hidden = await buttons.evaluateAll((all) =>
    all.filter((button) => {
      button.scrollIntoView({ block: 'center' });
      const { left, top, width, height } = button.getBoundingClientRect();
      const there = document.elementFromPoint(left + width / 2, top + height / 2);
      return !button.closest('.drawer') && !(there && button.contains(there));
    }).map((button) => button.textContent),
  );
  expect(hidden).toEqual([]);
  // The map keeps to the room that is left.
  const [map, box] = [await page.locator('.map canvas').boundingBox(), await page.locator('.map-box').boundingBox()];
  expect(map!.width).toBeLessThanOrEqual(box!.width);
});
