// The list of a job's files, however long it is: any row appears at once, can be found by name, and opens beside the
// list.
import { begin, config, details, followed, openFile, over } from './helper/job';
import { expect, test } from './helper/fixtures';
import { mint, type Server } from './helper/server';

const name = (index: number) => `f${String(index).padStart(4, '0')}`;
const many = (server: Server) => {
  for (let index = 0; index < 3_000; index++) server.file(name(index));
};

/** For each file, runs a command that prints coloured text on both streams, and fails if the file says so. */
const loud = `
allow_commands = true

[[command]]
name = "loud"
run = ["sh", "-c", "printf '10 %%\\\\r20 %%\\\\rread \\\\033[32mwell\\\\033[0m\\\\n'; for i in 1 2 3; do echo line $i; done; echo wrong $i >&2; exit $(cat \\"$1\\")", "sh", "{}"]
repeatable = true
`;

test('a long list is one list: any row is there at once, by the scrollbar and by keyboard', async ({ page, serve }) => {
  const server = await serve(many);
  const job = await begin(server, mint(), 'checksum');
  expect(await over(server, job)).toBe('completed');
  await details(page, server, job);
  const rows = page.locator('.items tbody tr');
  await expect(page.locator('.items')).toHaveAttribute('aria-rowcount', '3001');
  const heights = () =>
    page.evaluate(() => ({
      row: document.querySelector('.items tbody tr')!.getBoundingClientRect().height,
      whole: document.querySelector('.items-whole')!.getBoundingClientRect().height,
    }));
  // The list has its whole height as soon as the height of a row is measured, with few rows in the page.
  await expect.poll(async () => heights().then(({ row, whole }) => whole >= 3_000 * row && whole < 3_002 * row + 100)).toBe(true);
  const { row } = await heights();
  await expect.poll(() => rows.count()).toBeLessThan(80);

  await rows.first().focus();
  await page.keyboard.press('End');
  await expect(page.locator('tr:focus')).toContainText(name(2_999));
  await expect(page.locator('tr:focus')).toBeInViewport({ ratio: 1 });
  await expect(page.locator('tr:focus .items-size')).toHaveText(/\d+ B/);
  await page.keyboard.press('PageUp');
  await page.keyboard.press('k');
  await expect(page.locator('tr:focus')).toBeInViewport({ ratio: 1 });
  await page.keyboard.press('Home');
  await expect(page.locator('tr:focus')).toContainText(name(0));
  await page.keyboard.press('j');
  await expect(page.locator('tr:focus')).toContainText(name(1));

  // To the middle, as when somebody drags the scrollbar.
  await page.evaluate((way) => window.scrollTo(0, document.querySelector('.items-whole')!.getBoundingClientRect().top + scrollY + way), 1_500 * row);
  const seen = () =>
    page.evaluate(() => {
      const at = [100, innerHeight / 2, innerHeight - 20].map((y) => document.elementFromPoint(innerWidth / 2, y)!.closest('tr')?.getAttribute('aria-rowindex'));
      return at.map(Number);
    });
  await expect.poll(async () => (await seen()).every((number) => Math.abs(number - 1_510) < 15)).toBe(true);
  await expect(page.locator('tr[aria-rowindex="1510"]')).toContainText(name(1_508));
});

test('a name narrows the list, in the address, and just those that failed run again', async ({ page, serve, browser, watch }) => {
  const server = await serve(
    (server) => {
      for (let index = 0; index < 30; index++) server.file(`photos/${name(index)}`, index % 2 ? '7' : '0');
    },
    { config },
  );
  const job = await begin(server, mint(), 'slow');
  await over(server, job);
  await details(page, server, job, '?status=failed');
  const rows = page.locator('.items tbody tr');
  await expect(rows).toHaveCount(15);
  const retry = page.locator('[data-action="retry-these"]');
  await expect(retry).toHaveCount(0);
  const field = page.getByLabel('Files by name');
  await field.pressSequentially('F002');
  await expect(rows).toHaveCount(5);
  await expect(page.locator('.items-matches')).toHaveText('5 of 15 failed');
  expect(new URL(page.url()).search).toBe('?status=failed&name=F002');
  await page.reload();
  await followed(page);
  await expect(rows).toHaveCount(5);
  await expect(field).toHaveValue('F002');
  // The same filter by a program, and by a page without its program.
  const api = await server.get(`/api/jobs/${job}/items?status=failed&name=F002`);
  expect(api.items.map((item: { item: number }) => item.item)).toEqual([21, 23, 25, 27, 29]);
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const still = await plain.newPage();
  watch(still);
  await still.goto(`${server.url}/jobs/${job}?status=failed&name=F002&file=23`);
  await expect(still.locator('.items tbody tr')).toHaveCount(5);
  await expect(still.locator('.drawer')).toContainText(name(23));
  await expect(still.locator('.drawer')).toContainText('exit code 7');
  await plain.close();

  await retry.click();
  await expect.poll(async () => (await server.jobs())[0].counters?.total).toBe(5);
  await page.keyboard.press('Escape');
  await page.goBack();
  await expect(rows).toHaveCount(15);
  await field.fill('nothing like it');
  await expect(page.getByText('No file has this in its name.')).toBeVisible();
});

test('a file opens beside the list, by its address, with its output in colour', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      for (let index = 0; index < 4; index++) server.file(name(index), index === 2 ? '7' : '0');
    },
    { config: loud },
  );
  const job = await begin(server, mint(), 'loud');
  await over(server, job);
  await details(page, server, job);
  await openFile(page, 1);
  const drawer = page.locator('.drawer');
  await expect(drawer.locator('h2')).toHaveText(name(1));
  await expect(drawer.locator('.drawer-place')).toHaveText('2 of 4');
  expect(new URL(page.url()).search).toBe('?file=1');
  await drawer.getByRole('link', { name: 'Next file' }).click();
  await expect(drawer.locator('h2')).toHaveText(name(2));
  await page.reload();
  await followed(page);
  await expect(drawer.locator('h2')).toHaveText(name(2));
  await expect(drawer).toContainText('exit code 7');
  await expect(drawer.locator('h3')).toContainText('exit 7');
  // The command can be pasted into a shell.
  await expect(drawer.locator('.attempts-command code')).toHaveText(/sh -c 'printf .*' sh f0002$/);
  const out = drawer.locator('pre.attempts-stdout');
  await expect(out).toHaveText('read well\nline 1\nline 2\nline 3\n');
  await expect(out.locator('.ansi-2')).toHaveText('well');
  await expect(drawer.locator('pre.attempts-stderr')).toHaveText('wrong 3\n');
  await drawer.getByLabel('Find in the output').fill('3');
  await expect(out).toHaveText('line 3');
  await drawer.getByLabel('Find in the output').fill('');
  const download = page.waitForEvent('download');
  await drawer.getByRole('link', { name: 'Download' }).click();
  expect((await download).suggestedFilename()).toBe(`${job}-2-1.txt`);
  await page.keyboard.press('Escape');
  await expect(drawer).toHaveCount(0);
  await expect(page.locator('tr:focus')).toContainText(name(2));
  await page.keyboard.press('Enter');
  await expect(drawer.locator('h2')).toBeFocused();
});
