// Nothing is wider than the screen: every page, the dialog in every state, with long paths and long messages.
import type { Page } from '@playwright/test';
import { begin, button, choose, config, count, details, openFile, over, status } from './helper/job';
import { dialog, open, processAll } from './helper/page';
import { BROKEN, expect, test } from './helper/fixtures';
import { mint, type Server } from './helper/server';
import { fits, hasOneLine, LONG } from './helper/widths';

const MESSAGE = 'x'.repeat(500);

const commands = `${config}
[[command]]
name = "complains"
run = ["sh", "-c", "while [ -e ../hold ]; do sleep 0.05; done; echo ${MESSAGE} >&2; exit 7", "sh", "{}"]
repeatable = true
grace = 1
`;

const long = (server: Server) => {
  expect(LONG.length).toBe(200);
  server.file(LONG, '0');
  server.file(`${'n'.repeat(120)}.txt`, '0');
  server.file('../hold');
};

test('the library and its panel fit', async ({ page, serve }) => {
  const server = await serve(long, { config: commands });
  await open(page, server.url);
  await fits(page, 'the library');
  for (const recipe of ['checksum', 'verify', 'upper', 'command']) {
    await choose(page, recipe);
    await page.locator('.start-sheet, .start-policy').evaluateAll((all) => all.forEach((one) => one.setAttribute('open', '')));
    await fits(page, `the options of ${recipe}`);
    if (recipe === 'upper') {
      for (const place of ['beside', 'folder']) {
        await page.locator('select[name="output"]').selectOption(place);
        await fits(page, `an output ${place}`);
      }
    }
  }
  await page.getByLabel('Attempts per file').fill('0');
  await page.locator('[data-start="run"]').click();
  await fits(page, 'a refused start');
  await page.getByRole('checkbox', { name: 'Select all files listed so far' }).check();
  await fits(page, 'a selection');
  await open(page, `${server.url}/?folder=${encodeURIComponent(LONG.slice(0, LONG.lastIndexOf('/')))}`);
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(1);
  await fits(page, 'a folder with a long name');
  await open(page, `${server.url}/?search=${'y'.repeat(200)}`);
  await expect(page.getByRole('heading', { name: 'No file matches' })).toBeVisible();
  await fits(page, 'a long search without a match');
});

test('what became of the files in a folder fits, however many numbers that takes', async ({ page, serve }) => {
  const server = await serve((server) => ['done', 'failed', 'waits'].forEach((name) => server.file(`shelf/${name}`, name)), { config: commands });
  for (const [recipe, path] of [['checksum', 'shelf/done'], ['complains', 'shelf/failed']]) {
    await over(server, await begin(server, mint(), recipe, { query: { paths: [path] } }));
  }
  await open(page, server.url);
  await expect(page.locator('.entry-share-part')).toHaveText(['1 processed', '1 failed', '1 not processed']);
  await fits(page, 'a folder with three outcomes');
});

test('the dialog fits while it runs, paused by a long path, and after long complaints', async ({ page, serve }) => {
  const server = await serve(long, { config: commands });
  await open(page, server.url);
  await choose(page, 'complains');
  const job = await processAll(page);
  await expect(dialog(page, job).locator('.head-running li')).toHaveCount(2);
  await fits(page, 'the dialog of a running job');
  server.remove('../hold');
  await expect(dialog(page, job).locator('.head-count[data-status="failed"] .head-number')).toHaveText('2');
  await expect(dialog(page, job).locator('.status-badge').first()).toHaveText('failed');
  await fits(page, 'the dialog of a failed job');
});

test('the pill of many jobs fits', async ({ page, serve }) => {
  const server = await serve(long, { config: commands, args: ['--jobs', '2'] });
  for (const more of [{}, {}, {}, { approval: true }]) await begin(server, mint(), 'slow', more);
  await open(page, server.url);
  await expect(page.locator('.pill')).toHaveText(/1 queued, 1 waiting for you/);
  await fits(page, 'a pill of four jobs');
  // On a phone, too, it takes no line of its own.
  for (const width of [390, 320]) {
    await page.setViewportSize({ width, height: 800 });
    const [bar, pill] = [await page.locator('.page-bar').boundingBox(), await page.locator('.pill').boundingBox()];
    expect(bar!.height, `the bar at ${width} px`).toBeLessThan(56);
    expect(pill!.width, `the pill at ${width} px`).toBeGreaterThan(60);
  }
});

/** What a person reads in the pill, and whether it is cut. */
const read = (page: Page) =>
  page.locator('.pill').evaluate((pill: HTMLElement) => {
    const short = getComputedStyle(pill, '::after').content;
    // What is only read out is not seen.
    const seen = [pill, ...pill.querySelectorAll<HTMLElement>('span')].filter((part) => getComputedStyle(part).position !== 'absolute');
    const isCut = seen.some((part) => part.scrollWidth > part.clientWidth + 1);
    const { right } = pill.getBoundingClientRect();
    return { short: short.includes('"') ? short.split('"')[1].replace('\u00a0', ' ') : '', isCut: isCut || right > innerWidth };
  });

test('the text of the pill is never cut on a phone: a shorter one stands for what has no room', async ({ page, serve }) => {
  const server = await serve(long, { config: commands, args: ['--jobs', '2', '--workers', '8'] });
  await begin(server, mint(), 'slow', { title: 'A title that is much too long for a phone' });
  await page.setViewportSize({ width: 320, height: 800 });
  await open(page, server.url);
  const pill = page.locator('.pill');
  for (const width of [320, 390]) {
    await page.setViewportSize({ width, height: 800 });
    await expect.poll(() => read(page)).toEqual({ short: 'Running, 0 %', isCut: false });
  }
  // All of it is still read out.
  await expect(pill).toHaveText(/^A title that is much too long for a phone · 0 \/ 2 files/);
  await begin(server, mint(), 'slow');
  await expect(pill).toHaveText('2 running, 0 %');
  for (const width of [320, 390]) {
    await page.setViewportSize({ width, height: 800 });
    await expect.poll(() => read(page)).toEqual({ short: '', isCut: false });
  }
  await begin(server, mint(), 'slow', { approval: true });
  await expect(pill).toHaveText('2 running, 1 waiting for you, 0 %');
  for (const width of [320, 390]) {
    await page.setViewportSize({ width, height: 800 });
    await expect.poll(() => read(page)).toEqual({ short: '3 jobs, 0 %', isCut: false });
  }
});

test('the recipes are described in whole sentences, and a selected row is in sight on a small screen', async ({ page, serve }) => {
  const server = await serve(long, { config: commands });
  await open(page, server.url);
  await choose(page, 'checksum');
  const cut = () =>
    page.locator('.start-card > span, .start-preset-does').evaluateAll((all) => all.filter((one) => one.scrollHeight > one.clientHeight + 1 && getComputedStyle(one).display !== 'none').map((one) => one.textContent));
  for (const width of [1280, 800]) {
    await page.setViewportSize({ width, height: 800 });
    expect(await cut(), `at ${width} px`).toEqual([]);
  }
  // As a window of 640 px by 800 px at 200 %.
  await page.locator('.start-sheet > summary').click();
  await page.setViewportSize({ width: 320, height: 400 });
  const row = page.locator('.library-list tr[data-index="1"]');
  await row.focus();
  await page.keyboard.press('x');
  await expect(row).toHaveAttribute('aria-selected', 'true');
  await expect(page.locator('.start-bar [role="status"]')).toContainText('1 file');
  const isSeen = () =>
    row.evaluate((row) => {
      const { left, top, height } = row.getBoundingClientRect();
      return row.contains(document.elementFromPoint(left + 20, top + height / 2)) && document.documentElement.scrollWidth <= innerWidth;
    });
  await expect.poll(isSeen).toBe(true);
});

test('no row of the library moves when all are selected, and the start bar covers none that was in sight', async ({ page, serve }) => {
  const server = await serve((server) => {
    ['a', 'b', 'below/c', 'below/d'].forEach((name) => server.file(name));
  });
  for (const width of [320, 390, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    await open(page, server.url);
    const places = () =>
      page.locator('.library-list tbody tr, .start-bar').evaluateAll((all) => all.map((one) => Math.round(one.getBoundingClientRect().top)));
    await expect(page.locator('.start-bar [role="status"]')).toContainText('4 files here');
    const before = await places();
    expect(before.length, 'a folder, two files and the bar').toBe(4);
    await page.getByRole('checkbox', { name: 'Select all files listed so far' }).check();
    await expect(page.getByRole('button', { name: 'Select all 4 in this folder and below' })).toBeVisible();
    await expect(page.locator('.start-bar [role="status"]')).toContainText('2 files');
    expect(await places(), `at ${width} px`).toEqual(before);
  }
});

test('the bar keeps its one line on a small phone when the link is lost', async ({ page, serve, allow }) => {
  allow(BROKEN);
  const server = await serve(long, { config: commands });
  await page.setViewportSize({ width: 320, height: 700 });
  await open(page, server.url);
  // The part that comes later is there, so that only the link is lost.
  await page.waitForFunction(() => performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/split_jobs.wasm')));
  await server.stop('SIGKILL');
  await expect(page.locator('.page-bar .link-badge')).toHaveAttribute('data-link', 'silent', { timeout: 30_000 });
  await expect(page.locator('.page-bar .link-badge')).toContainText('no connection');
  await hasOneLine(page);
});

test('the page of a job fits in every state, and so does the list of jobs', async ({ page, serve }) => {
  const server = await serve(long, { config: commands });
  const title = `${'A title as long as they come '.repeat(8)}`.slice(0, 120).trim();
  const plan = await begin(server, mint(), 'slow', { approval: true, title });
  await details(page, server, plan);
  await expect(status(page)).toHaveText('planned');
  await fits(page, 'a plan');
  const job = await begin(server, mint(), 'complains', { policy: { tries: 2, halt: 'soon,fail=100%', timeout: '500%' } });
  await details(page, server, job);
  await expect(page.locator('.head-running li')).toHaveCount(2);
  await page.getByText('Settings', { exact: true }).click();
  await fits(page, 'a running job');
  await button(page, 'pause').click();
  await expect(status(page)).toHaveText('paused');
  await fits(page, 'a paused job');
  server.remove('../hold');
  await button(page, 'resume').click();
  await over(server, job);
  await expect(count(page, 'failed')).toHaveText('2');
  await openFile(page, 0);
  await expect(page.locator('.attempts-one').first()).toContainText('exit 7');
  await fits(page, 'an open file with its output');
  await page.keyboard.press('Escape');
  await page.getByText('How we know').click();
  await fits(page, 'a failed job');
  const upper = await begin(server, mint(), 'upper', { output: { place: { beside: { name: `{/.}.${'o'.repeat(60)}` } } } });
  await over(server, upper);
  await details(page, server, upper);
  await fits(page, 'a job with long outputs');
  await button(page, 'undo').click();
  await expect(page.locator('.head-undone')).toContainText('2 of 2 new files removed');
  await page.keyboard.press('Escape');
  await fits(page, 'a job that was undone');
  await open(page, `${server.url}/jobs`);
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(3);
  await expect(page.locator('.job-card')).toHaveCount(1);
  await fits(page, 'the list of jobs');
});
