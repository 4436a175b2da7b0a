// Finding and choosing files: search, filter, order, keyboard, and addresses that contain the view.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { ends, open, processAll, shownJob } from './helper/page';
import { begin, choose, config, over, sheet } from './helper/job';
import { expect, test } from './helper/fixtures';
import { mint, type Server } from './helper/server';

const photos = (server: Server) => {
  for (let index = 0; index < 150; index++) server.file(`photos/IMG_${String(index).padStart(4, '0')}.jpg`, `${index}`);
  for (let index = 0; index < 5; index++) server.file(`notes/note ${index}.txt`, 'x'.repeat(10 - index));
  server.file('index.html');
};

const rows = (page: Page) => page.locator('.ui-listing tbody tr');
const names = (page: Page) => rows(page).locator('.entry-name').allInnerTexts();
const search = (page: Page) => page.getByRole('searchbox');

test('the numbers of rows, of files and of what a plan runs are told apart in words', async ({ page, serve }) => {
  const server = await serve((server) => ['a', 'b', 'below/c'].forEach((name) => server.file(name)));
  await open(page, server.url);
  await expect(page.locator('.ui-pages')).toHaveText('1–3 of 3: 2 files, 1 folder or other entry · 3 files with those in folders');
  await expect(page.locator('.library-tools').getByRole('link', { name: 'All' })).toHaveText('All 3');
  await expect(page.getByRole('button', { name: 'Process 3 files' })).toBeVisible();
  const job = mint();
  const conditions = { min_size: 4 };
  expect((await server.put(job, { folder: {} }, { approval: true, conditions })).status).toBe(201);
  await page.goto(`${server.url}/jobs/${job}`);
  await expect(page.locator('.plan-what')).toHaveText(/^Nothing has been touched\. 1 of 3 files, 7 B, will be processed\.$/);
});

test('a search finds names here and below as they are typed, and all that match are processed', async ({ page, serve, watched }) => {
  const server = await serve(photos);
  await open(page, server.url);
  await page.keyboard.press('/');
  await page.keyboard.type('img_');
  await expect(page.locator('.ui-pages')).toContainText('1–150 of 150');
  await expect(search(page)).toBeFocused();
  await expect(search(page)).toHaveValue('img_');
  // A pause between two keys can start a search for the shorter text, which finds as many files.
  await expect.poll(() => new URL(page.url()).searchParams.get('search')).toBe('img_');
  await search(page).fill('*_014?.jpg');
  await expect(rows(page)).toHaveCount(10);
  await search(page).fill('*.jpg');
  await expect(page.locator('.ui-pages')).toContainText('of 150');
  await page.getByRole('checkbox', { name: 'Select all files listed so far' }).check();
  await page.getByRole('button', { name: 'Select all 150 that match' }).click();
  await expect(page.locator('.start-bar')).toContainText('150 files, 340 B selected');
  await page.getByRole('button', { name: 'Process 150 files' }).click();
  const job = await shownJob(page);
  const truth = await ends(watched, server, job, 'completed');
  expect(truth.counters.total).toBe(150);
  await page.keyboard.press('Escape');
  await expect(page.locator('.start-bar')).toContainText('150 files here');
  await page.getByRole('link', { name: 'not processed' }).click();
  await expect(page.getByRole('heading', { name: 'No file matches' })).toBeVisible();
  await search(page).fill('');
  await expect(rows(page)).toHaveCount(6);
  await page.goBack();
  await page.reload();
  await expect(page.locator('main[data-ready]')).toBeAttached();
});

test('the address holds the view: order, filter and place, with and without JavaScript', async ({ page, serve, browser }) => {
  const server = await serve(photos);
  await open(page, `${server.url}/?library=files&folder=notes&sort=size`);
  expect(await names(page)).toEqual([4, 3, 2, 1, 0].map((index) => `note ${index}.txt`));
  await expect(page.locator('th[aria-sort="ascending"]')).toHaveText('Size');
  await page.getByRole('link', { name: 'Size' }).click();
  await expect(page.locator('th[aria-sort="descending"]')).toHaveText('Size');
  expect(await names(page)).toEqual([0, 1, 2, 3, 4].map((index) => `note ${index}.txt`));
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const still = await plain.newPage();
  await still.goto(`${server.url}/?library=files&search=img&sort=name`);
  await expect(rows(still)).toHaveCount(50);
  await still.getByRole('link', { name: 'Next' }).click();
  await still.getByRole('link', { name: 'Next' }).click();
  await expect(rows(still)).toHaveCount(50);
  await expect(still.getByRole('link', { name: 'Next' })).toHaveCount(0);
  await search(still).fill('index');
  await search(still).press('Enter');
  await expect(rows(still)).toHaveCount(1);
  await plain.close();
  await page.goto(`${server.url}/?library=files&show=pink`);
  await expect(page.getByRole('alert')).toContainText('There is no filter "pink"');
});

test('files are chosen by keyboard and with shift, over folders', async ({ page, serve, watched }) => {
  const server = await serve(photos);
  await open(page, server.url);
  await rows(page).first().focus();
  await page.keyboard.press('Enter');
  await expect(rows(page)).toHaveCount(5);
  await rows(page).first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  const button = page.locator('[data-start="run"]');
  await expect(button).toHaveText('Process 3 files');
  await page.locator('.breadcrumbs').getByRole('link').click();
  await page.getByRole('link', { name: 'photos' }).click();
  await page.getByRole('checkbox', { name: 'Select IMG_0002.jpg' }).click();
  await page.getByRole('checkbox', { name: 'Select IMG_0006.jpg' }).click({ modifiers: ['Shift'] });
  await expect(button).toHaveText('Process 8 files');
  await button.click();
  const truth = await ends(watched, server, await shownJob(page), 'completed');
  expect(truth.counters.total).toBe(8);
  // After the job was accepted, the selection is used up, and the page offers all shown files again.
  await expect(button).toHaveText('Process 150 files');
});

const long = (count: number) => (server: Server) => {
  for (let index = 0; index < count; index++) server.file(`long/IMG_${String(index).padStart(4, '0')}.jpg`, `${index}`);
};

/** The numbers of the rows on the screen. */
const shown = (page: Page) => page.evaluate(() => [...document.querySelectorAll('.library-list tr[data-index]')]
  .filter((row) => { const box = row.getBoundingClientRect(); return box.bottom > 0 && box.top < innerHeight; })
  .map((row) => Number((row as HTMLElement).dataset.index)));

/** Scrolls to a part of the page, and waits for its rows. Returns the number of the first. */
async function goes(page: Page, part: number): Promise<number> {
  await page.evaluate((part) => scrollTo(0, document.body.scrollHeight * part), part);
  let seen: number[] = [];
  await expect(async () => {
    seen = await shown(page);
    expect(seen.length).toBeGreaterThan(8);
    expect(seen).toEqual(seen.map((_, index) => seen[0] + index));
  }).toPass();
  return seen[0];
}

const tall = (page: Page) => page.evaluate(() => document.documentElement.scrollHeight);

/** Opens the folder of long names, and waits until the page has its whole height. */
async function openLong(page: Page, server: Server, count: number) {
  await open(page, `${server.url}/?library=files&folder=long`);
  await expect(page.locator('.library-list')).toHaveAttribute('aria-rowcount', `${count + 1}`);
  await expect.poll(() => tall(page)).toBeGreaterThan(count * 38);
}

test('a long list has its whole height at once: any row is there, by the scrollbar, by keyboard and for shift', async ({ page, serve }) => {
  const server = await serve(long(5_000));
  await openLong(page, server, 5_000);
  await expect(page.locator('.ui-pages')).toContainText('1–5,000 of 5,000');
  await expect(page.getByRole('link', { name: 'Next' })).toBeHidden();
  const height = await tall(page);
  // The last row, long before the rows between are read.
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await expect(page.getByRole('checkbox', { name: 'Select IMG_4999.jpg' })).toBeInViewport();
  expect(await rows(page).count()).toBeLessThanOrEqual(100);
  for (const part of [0.5, 0.1, 0.8]) await goes(page, part);
  expect(await rows(page).count()).toBeLessThanOrEqual(100);
  expect(await tall(page)).toBe(height);

  await page.reload();
  await openLong(page, server, 5_000);
  await rows(page).first().focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('End');
  const last = page.locator('tr[data-index="4999"]');
  await expect(last).toBeFocused();
  await expect(last).toBeInViewport();
  await expect(last).toHaveAttribute('aria-rowindex', '5001');
  await page.keyboard.press('Home');
  await expect(page.locator('tr[data-index="0"]')).toBeFocused();
  await expect(page.locator('tr[data-index="0"]')).toBeInViewport();
  // The names of the columns do not cover it.
  const covers = () => page.locator('.library-list thead').evaluate((head) => head.getBoundingClientRect().bottom);
  const top = () => page.locator('tr[data-index="0"]').evaluate((row) => row.getBoundingClientRect().top);
  expect(await top()).toBeGreaterThanOrEqual(await covers() - 1);
  // A selection over rows that were not read reads them.
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await page.getByRole('checkbox', { name: 'Select IMG_4999.jpg' }).click({ modifiers: ['Shift'] });
  await expect(page.locator('[data-start="run"]')).toHaveText('Process 5,000 files');
});

for (const width of [1280, 390]) test(`nothing moves while a long list is scrolled through, at ${width} px`, async ({ page, serve }) => {
  await page.setViewportSize({ width, height: 800 });
  const server = await serve((server) => {
    long(2_000)(server);
    for (let index = 0; index < 50; index++) server.file(`long/IMG_0600 ${'long name '.repeat(15)}${index}.jpg`, 'x');
  });
  await page.addInitScript(() => {
    Object.assign(window, { moved: [] });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as any[]) {
        const what = entry.sources.map(({ node }: any) => node?.parentElement?.className || node?.nodeName);
        if (!entry.hadRecentInput) (window as any).moved.push({ by: entry.value, what });
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
  await openLong(page, server, 2_050);
  const moved = () => page.evaluate(() => (window as any).moved);
  await goes(page, 0.02);
  const before = await moved();
  await page.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    for (let step = 0; step < 100; step++) {
      scrollBy(0, 700);
      await frame();
    }
  });
  await goes(page, 1);
  await goes(page, 0.3);
  expect(await moved()).toEqual(before);
  // All rows are of one height, whatever is in them.
  const heights = await rows(page).evaluateAll((all) => all.map((row) => row.getBoundingClientRect().height));
  expect(new Set(heights).size).toBe(1);
});

test('Back returns to the row at which a long list was left', async ({ page, serve }) => {
  const server = await serve(long(2_000));
  await openLong(page, server, 2_000);
  const first = await goes(page, 0.6);
  expect(first).toBeGreaterThan(1_000);
  // A click would scroll to the link first.
  const jobs = page.getByRole('navigation', { name: 'Pages', exact: true }).getByRole('link', { name: 'Jobs' });
  await jobs.evaluate((link: HTMLElement) => link.click());
  await expect(page.locator('.library-list')).toHaveCount(0);
  await page.goBack();
  await expect.poll(async () => (await shown(page))[0]).toBe(first);
});

test('a long list that is read again stays at its place, and shows no file twice', async ({ page, serve }) => {
  const server = await serve(long(2_000));
  await openLong(page, server, 2_000);
  const first = await goes(page, 0.5);
  const name = (row: number) => page.locator(`tr[data-index="${row}"] .entry-name`);
  const text = await name(first + 3).innerText();
  const way = await page.evaluate(() => scrollY);
  server.file('long/IMG_0000a.jpg', 'new');
  await page.getByRole('button', { name: 'Refresh' }).evaluate((button: HTMLElement) => button.click());
  await expect(page.locator('.library-list')).toHaveAttribute('aria-rowcount', '2002');
  await expect(name(first + 4)).toHaveText(text);
  expect(await page.evaluate(() => scrollY)).toBe(way);
  await goes(page, 0.53);
  const all = await names(page);
  expect(new Set(all).size).toBe(all.length);
});

test('a list that begins in the middle still begins there when it has grown and is read again', async ({ page, serve }) => {
  const server = await serve(long(530));
  await open(page, `${server.url}/?library=files&folder=long&before=1.0.long/IMG_0300.jpg`);
  const place = page.locator('.ui-pages');
  await expect(place).toContainText('251–530 of 530');
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await expect(page.getByRole('checkbox', { name: 'Select IMG_0529.jpg' })).toBeInViewport();
  await expect(page.locator('tr[data-index="279"]')).toHaveAttribute('aria-rowindex', '531');
  rmSync(join(server.library, 'long/IMG_0529.jpg'));
  await page.getByRole('button', { name: 'Refresh' }).evaluate((button: HTMLElement) => button.click());
  await expect(place).toContainText('251–529 of 529');
  await page.evaluate(() => scrollTo(0, 0));
  await expect(page.locator('tr[data-index="0"]')).toContainText('IMG_0250.jpg');
});

test('what changes on the disk is there when the folder is opened again, or read again', async ({ page, serve }) => {
  const server = await serve(photos);
  await open(page, server.url);
  await page.getByRole('link', { name: 'notes' }).click();
  await expect(rows(page)).toHaveCount(5);
  rmSync(join(server.library, 'notes/note 1.txt'));
  writeFileSync(join(server.library, 'notes/a new one.txt'), 'new');
  await page.getByRole('button', { name: 'Refresh' }).click();
  await expect(rows(page).first()).toContainText('a new one.txt');
  await expect(page.locator('.ui-listing')).not.toContainText('note 1.txt');
  writeFileSync(join(server.library, 'notes/another.txt'), 'new');
  await page.locator('.breadcrumbs').getByRole('link').click();
  await page.getByRole('link', { name: 'notes' }).click();
  await expect(rows(page)).toHaveCount(6);
});

test('a manifest is verified from the page', async ({ page, serve, watched }) => {
  const server = await serve((server) => {
    server.file('a', 'a');
    server.file('SUMS', `${'00'.repeat(32)}  a\n`);
  });
  await open(page, server.url);
  await choose(page, 'verify');
  await page.getByRole('textbox', { name: 'Manifest' }).fill('SUMS');
  await page.locator('[data-start="run"]').click();
  const job = await shownJob(page);
  const truth = await ends(watched, server, job, 'completed_with_errors');
  expect(truth.counters.failed).toBe(1);
  await expect(page.locator('dialog .head-count[data-status="failed"] .head-number')).toHaveText('1');
  // Choices for one recipe do not apply to another.
  await page.getByRole('button', { name: 'Close' }).click();
  await choose(page, 'checksum');
  await page.locator('[data-start="run"]').click();
  await ends(watched, server, await shownJob(page), 'completed');
});

test('verify offers the checksum jobs of the library, the newest first', async ({ page, serve, watched }) => {
  const server = await serve((server) => ['a', 'sub/b'].forEach((path) => server.file(path)));
  const made = await begin(server, mint(), 'checksum');
  await over(server, made);
  await over(server, await begin(server, mint(), 'health'));
  await over(server, await begin(server, mint(), 'checksum', { title: 'The sub folder', query: { folder: { path: 'sub' } } }));
  await open(page, server.url);
  await choose(page, 'verify');
  const list = page.getByRole('combobox', { name: 'Manifest' });
  await expect(list.locator('option')).toHaveText(['a file of the library', /^The sub folder · .* · 1 file$/, /^Checksum .* · 2 files$/]);
  await expect(list.locator('option').nth(1)).toHaveJSProperty('selected', true);
  await list.selectOption(`@${made}`);
  await expect(page.getByRole('textbox', { name: 'Manifest' })).toBeHidden();
  await page.locator('[data-start="run"]').click();
  const truth = await ends(watched, server, await shownJob(page), 'completed');
  expect(truth.counters.succeeded).toBe(2);
});

test('verify goes on to a checksum job of the library that is opened', async ({ page, serve }) => {
  const args: string[] = [];
  const server = await serve(
    (server) => {
      server.file('a');
      server.file('../other/b');
      args.push(`other=${join(server.folder, 'other')}`);
    },
    { args },
  );
  const [here, there] = [mint(), mint()];
  await over(server, await begin(server, here, 'checksum'));
  await over(server, await begin(server, there, 'checksum', { library: 'other' }));
  await open(page, server.url);
  await choose(page, 'verify');
  const list = page.getByRole('combobox', { name: 'Manifest' });
  await expect(list).toHaveValue(`@${here}`);
  await page.getByRole('navigation', { name: 'Libraries' }).getByRole('link', { name: 'other' }).click();
  await expect(list).toHaveValue(`@${there}`);
});

test('the outcome of a file says why it failed, nothing twice, and leads to the file in its job', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      server.file('bad', '7');
      server.file('good', '0');
    },
    { config },
  );
  const job = await begin(server, mint(), 'slow');
  await over(server, job);
  await open(page, server.url);
  const outcomes = page.locator('.entry-outcome .status-badge');
  await expect(outcomes).toHaveText(['failed', 'done']);
  await expect(page.locator('.entry-reason')).toHaveText([/^slow: .*exit code 7/, 'slow']);
  await outcomes.first().click();
  await expect(page).toHaveURL(`${server.url}/jobs/${job}?file=0`);
  await expect(page.locator('.drawer')).toContainText('exit code 7');
});

test('system files are left out unless asked for, patterns leave out more, and the page says so', async ({ page, serve, watched }) => {
  const server = await serve((server) => {
    for (const path of ['page10.jpg', 'page2.jpg', 'b.tmp', '.DS_Store', '@eaDir/thumb', 'cache/y', 'sub/cache/z']) server.file(path);
  });
  await open(page, server.url);
  await expect(page.locator('.ui-listing tbody tr .entry-name bdi')).toHaveText(['cache', 'sub', 'b.tmp', 'page2.jpg', 'page10.jpg']);
  await expect(page.locator('.library-left-out')).toContainText('2 entries of the system');
  const taken = async (job: string) => {
    const { items } = await server.get(`/api/jobs/${job}/items`);
    return items.map((item: any) => item.path).sort();
  };
  await sheet(page);
  await page.getByText(/^Files to leave out/).click();
  await page.getByLabel('Leave out').fill('*.TMP\n\ncache/');
  const job = await processAll(page);
  await ends(watched, server, job, 'completed');
  expect(await taken(job)).toEqual(['page10.jpg', 'page2.jpg']);
  await page.keyboard.press('Escape');
  await page.getByLabel('Include system files').check();
  const other = await processAll(page);
  await ends(watched, server, other, 'completed');
  expect(await taken(other)).toEqual(['.DS_Store', '@eaDir/thumb', 'page10.jpg', 'page2.jpg']);
});

test('folders say what is in them, are selected with it, and a sample tries the first files of a selection', async ({ page, serve, watched }) => {
  const server = await serve((server) => {
    for (let index = 0; index < 12; index++) server.file(`2024/Norway/IMG_${index}.jpg`, 'x'.repeat(1_000));
    server.file('2024/fail.txt', '7');
    server.file('2023/one.jpg', 'x');
  }, { config });
  await over(server, await begin(server, mint(), 'slow', { query: { paths: ['2024/fail.txt'] } }));
  await open(page, server.url);
  const folder = rows(page).filter({ hasText: '2024' });
  await expect(folder.locator('.entry-under')).toHaveText('13 files');
  await expect(folder.locator('.entry-size')).toHaveText('12 kB');
  await expect(folder.locator('.entry-share-part')).toHaveText(['1 failed', '12 not processed']);
  await expect(page.locator('.start-bar')).toContainText('14 files here, 12 kB');

  await page.getByRole('checkbox', { name: 'Select 2024' }).check();
  await expect(page.locator('.start-bar')).toContainText('13 files, 12 kB selected');
  await page.getByRole('button', { name: 'Try 10 first' }).click();
  const sample = await shownJob(page);
  expect((await ends(watched, server, sample, 'completed')).counters.total).toBe(10);
  const paths = async (job: string) => (await server.get(`/api/jobs/${job}/items`)).items.map((item: any) => item.path);
  const images = Array.from({ length: 9 }, (_, index) => `2024/Norway/IMG_${index}.jpg`);
  expect(await paths(sample)).toEqual(['2024/fail.txt', ...images]);
  // After the trial the files are still selected, because the rest is next.
  await page.keyboard.press('Escape');
  await expect(page.locator('dialog')).toHaveCount(0);
  await page.getByRole('button', { name: 'Process 13 files' }).click();
  const all = await shownJob(page);
  expect((await ends(watched, server, all, 'completed')).counters.total).toBe(13);
  expect(await paths(all)).not.toContain('2023/one.jpg');
  await expect(page.locator('.start-bar')).toContainText('14 files here');
});

test('a card says what happens to the files, and a command what it runs for the first of them', async ({ page, serve }) => {
  const server = await serve((server) => ['it is.txt', 'b.txt'].forEach((name) => server.file(name)), { config });
  await open(page, server.url);
  const card = (recipe: string) => page.locator('.start-card', { has: page.locator(`input[value="${recipe}"]`) });
  await expect(card('checksum')).toContainText('The files are only read.');
  await expect(card('upper')).toContainText('Replaces each file; the original is kept in the trash.');
  // The choice changes the words on the card and in the summary.
  await expect(card('image')).toContainText('Writes a new file beside each');
  await choose(page, 'image');
  await page.locator('select[name="output"]').selectOption('replace');
  for (const said of [card('image'), page.locator('.start-sheet > summary')]) await expect(said).toContainText('Replaces each file');
  await expect(card('metadata')).toContainText('The files are only read.');
  await choose(page, 'metadata');
  await expect(page.locator('select[name="output"]')).toHaveCount(0);
  await page.locator('select[name="action"]').selectOption('strip');
  await expect(card('metadata')).toContainText('Replaces each file; the original is kept in the trash.');
  await expect(page.locator('select[name="output"]')).toHaveValue('replace');
  await choose(page, 'command');
  await page.getByRole('textbox', { name: 'Command' }).fill('wc -c {} "two words"');
  await page.getByRole('textbox', { name: 'Command' }).blur();
  await expect(page.locator('.start-commands pre')).toHaveText("wc -c b.txt 'two words'\nwc -c 'it is.txt' 'two words'");
  await choose(page, 'checksum');
  await expect(page.locator('.start-commands')).toBeHidden();
});

test('each filter says how many files it would show, also while another is on', async ({ page, serve }) => {
  const server = await serve((server) => {
    for (let index = 0; index < 12; index++) server.file(`2024/${index}.txt`, index < 3 ? '7' : '0');
    server.file('one.txt', '0');
  }, { config });
  await over(server, await begin(server, mint(), 'slow', { query: { folder: { path: '2024', search: '' } } }));
  await open(page, server.url);
  const filters = page.locator('.library-tools .ui-filters');
  const numbers = ['All 13', 'Not processed 1', 'Processed 9', 'Failed 3'];
  await expect(filters.getByRole('link')).toHaveText(numbers);
  await filters.getByRole('link', { name: 'Failed 3' }).click();
  await expect(rows(page)).toHaveCount(3);
  expect(new URL(page.url()).searchParams.get('show')).toBe('failed');
  await expect(filters.getByRole('link')).toHaveText(numbers);
  await search(page).fill('1*.txt');
  await expect(filters.getByRole('link')).toHaveText(['All 3', 'Not processed 0', 'Processed 2', 'Failed 1']);
});

test('files come first: at 1280 by 800 a person sees them, and opens the sheet to choose what is done', async ({ page, serve }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  const server = await serve(photos, { config });
  await open(page, `${server.url}/?library=files&folder=photos`);
  await expect(rows(page).nth(5)).toBeInViewport();
  const summary = page.locator('.start-sheet > summary');
  await expect(summary).toContainText('Checksum');
  await expect(page.locator('.start-card').first()).toBeHidden();
  await page.locator('.start-bar-recipe').click();
  await expect(page.locator('.start-card input:checked')).toBeFocused();
  await choose(page, 'upper');
  await expect(summary).toContainText('Replaces each file; the original is kept in the trash.');
  await expect(page.locator('.start-bar-recipe')).toHaveText('Upper');
  // The form of the chosen recipe is beside the recipes, not below the last of them.
  await page.evaluate(() => scrollTo(0, 0));
  await expect(page.locator('select[name="output"]')).toBeInViewport();
});

test('the pill of a job says what the job waits for', async ({ page, serve }) => {
  const server = await serve(photos, { config });
  const job = mint();
  await begin(server, job, 'checksum', { approval: true });
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).status).toBe('planned');
  await open(page, server.url);
  await expect(page.locator('.pill')).toHaveText(/ · Waits for your approval: 156 files$/);
  await server.post(job, 'cancel');
  await over(server, job);
  server.file('again.txt', '7');
  await begin(server, mint(), 'slow', { query: { paths: ['again.txt'] }, policy: { tries: 2, backoff_ms: 600_000 } });
  await expect(page.locator('.pill')).toHaveText(/ · Nothing is running now: 0 \/ 1 file \(0\s%\)$/);
});

test('the keyboard stays on the file that it is on when the list is read again', async ({ page, serve }) => {
  const server = await serve((server) => ['b', 'c', 'd'].forEach((name) => server.file(`${name}.txt`, name)));
  await open(page, server.url);
  const row = (name: string) => page.locator('.library-list tbody tr', { hasText: `${name}.txt` });
  await row('c').focus();
  server.file('a.txt', 'a');
  await over(server, await begin(server, mint(), 'checksum', { query: { paths: ['d.txt'] } }));
  await expect(row('a')).toBeVisible();
  await expect(row('c')).toBeFocused();
  await page.keyboard.press('Space');
  await expect(page.getByRole('checkbox', { name: 'Select c.txt' })).toBeChecked();
  await expect(page.locator('.library-list tbody input:checked')).toHaveCount(1);
});
