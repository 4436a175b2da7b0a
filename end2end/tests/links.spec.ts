// Links that fail: the page continues from its cursor, and no event is applied twice.
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dialog, ends, everyStep, open, processAll } from './helper/page';
import { BROKEN, expect, test } from './helper/fixtures';
import { Sleeper } from './helper/sleeper';
import { begin, button, config, followed, over, status } from './helper/job';
import { mint, type Server } from './helper/server';

const CUTS = Math.max(3, Math.round((20 * Number(process.env.HEADWAY_EFFORT ?? 100)) / 100));

const twoHundredFiles = (server: Server) => server.slowFiles(200, 6_000_000);

test(`the stream is cut ${CUTS} times in one job: same end, nothing twice`, async ({ page, serveWired, watched, allow }) => {
  allow(BROKEN);
  const { server, wire, url } = await serveWired(twoHundredFiles, { args: ['--workers', '1'] });
  // The job does not end before the last cut, however slow the machine is.
  writeFileSync(server.holdsFinishing, '');
  await open(page, url);
  const job = await processAll(page);
  for (let cut = 0; cut < CUTS; cut++) {
    // Each cut hits an open connection, at an arbitrary moment.
    await expect.poll(() => wire.opened, { intervals: [20], timeout: 30_000 }).toBeGreaterThan(cut);
    await new Promise((done) => setTimeout(done, Math.random() * 120));
    wire.cut();
  }
  rmSync(server.holdsFinishing);
  await ends(watched, server, job, 'completed');
  everyStep(watched, job, 200);
  expect(wire.opened).toBeGreaterThanOrEqual(CUTS);
});

test('the line breaks after every 20 kB: the page gets to the end, one piece after the other', async ({ page, serveWired, watched, allow }) => {
  allow(BROKEN);
  const { server, wire, url } = await serveWired((server) => server.slowFiles(800, 1_000));
  await open(page, url);
  wire.most = 20_000;
  const job = await processAll(page);
  await ends(watched, server, job, 'completed');
  // More than 1,600 events are 150 kB, so connections did break.
  expect(wire.opened).toBeGreaterThan(4);
  expect(watched.of(job).filter((line) => line.includes('taking a fresh snapshot'))).toEqual([]);
});

test('the line breaks after every 20 kB: the page of a job whose snapshot is longer gets to the end', async ({ page, serveWired, watched, allow }) => {
  allow(BROKEN);
  const { server, wire, url } = await serveWired((server) => {
    server.slowFiles(2_000, 10);
    // Every second entry is not a file, so the snapshot has 4,000 runs.
    for (let number = 0; number < 2_000; number++) symlinkSync('slow-0000.bin', join(server.library, `slow-${String(number).padStart(4, '0')}.link`));
  });
  const job = await begin(server, mint(), 'checksum');
  expect(await over(server, job)).toBe('completed');
  const truth = await server.get(`/api/jobs/${job}`);
  wire.most = 20_000;
  await page.goto(`${url}/jobs/${job}`);
  await expect(page.locator('.proof').first()).toHaveAttribute('data-seq', String(truth.seq), { timeout: 60_000 });
  await expect(page.locator('.proof').first()).toHaveAttribute('data-base', '0');
  await followed(page);
  expect(wire.opened).toBeGreaterThan(10);
  expect(watched.problems.filter((problem) => !BROKEN.test(problem))).toEqual([]);
});

test('the server is killed and restarted in mid-job: the page goes on by itself', async ({ page, serve, watched, allow }) => {
  allow(BROKEN);
  const server = await serve(twoHundredFiles, { args: ['--workers', '2'] });
  await open(page, server.url);
  const job = await processAll(page);
  await expect.poll(() => watched.of(job).some((line) => line.startsWith('processing 3'))).toBe(true);
  await server.stop('SIGKILL');
  await expect(page.locator('.link-badge').first()).not.toHaveAttribute('data-link', 'live');
  await server.start();
  const truth = await ends(watched, server, job, 'completed');
  expect(truth.counters.succeeded).toBe(200);
  const last = watched.of(job).filter((line) => line.startsWith('processing ')).at(-1);
  expect(last).toBe('processing 200/200');
});

test('the very last event is lost on the wire: only a ping can tell', async ({ page, serveWired, watched }) => {
  const { server, wire, url } = await serveWired(twoHundredFiles, { args: ['--workers', '1'] });
  // Long enough that the page listens before the job ends. Each is lost once, and gets through when it is sent again: a fast job's message can hold all its events, and to
  // lose that twice would make the page take a snapshot, in which no single step is.
  const toLose = new Set(['"event":"ended"', '"kind":"closed"']);
  wire.keep = (message) => {
    const marks = [...toLose].filter((mark) => message.includes(mark));
    marks.forEach((mark) => toLose.delete(mark));
    return marks.length === 0;
  };
  await open(page, url);
  const job = await processAll(page);
  await ends(watched, server, job, 'completed');
  expect([...toLose]).toEqual([]);
  expect(watched.of(job).some((line) => line.startsWith('lost; reading on'))).toBe(true);
  everyStep(watched, job, 200);
});

test('bytes are held back for a while: the page says so, then catches up', async ({ page, serveWired, watched }) => {
  const { server, wire, url } = await serveWired(twoHundredFiles, { args: ['--workers', '1'] });
  await open(page, url);
  const job = await processAll(page);
  await expect.poll(() => watched.of(job).length).toBeGreaterThan(5);
  wire.hold();
  await expect(dialog(page, job).locator('.link-badge')).toHaveAttribute('data-link', 'silent', { timeout: 20_000 });
  wire.release();
  await ends(watched, server, job, 'completed');
  everyStep(watched, job, 200);
});

test('a refusal by the server stays shown when the page catches up', async ({ page, serveWired, allow }) => {
  allow(/the server responded with a status of 409/);
  const { server, wire, url } = await serveWired(
    (server) => {
      server.file('a', '0');
      server.file('../hold');
    },
    { config },
  );
  const job = await begin(server, mint(), 'slow');
  await page.goto(`${url}/jobs/${job}`);
  await followed(page);
  wire.hold();
  server.remove('../hold');
  await over(server, job);
  // The page does not know of the job's end.
  await button(page, 'pause').click();
  const refused = page.locator('.job-panel .head-actions + .ui-error');
  await expect(refused).not.toBeEmpty();
  const said = await refused.innerText();
  await expect(page.locator('.page-bar .link-badge')).toHaveAttribute('data-link', 'silent');
  wire.release();
  await expect(status(page)).toHaveText('completed');
  await expect(page.locator('.page-bar .link-badge')).toHaveAttribute('data-link', 'live');
  await expect(refused).toHaveText(said);
});

test('the log cannot be written: every page says so, and nothing false is shown', async ({ page, serve, watched, allow }) => {
  allow(/the server responded with a status of/);
  // Slow files, whose events are written one by one: of quick ones a busy machine writes many at once, and might never come to the 30th.
  const server = await serve((server) => server.slowFiles(60, 50_000_000), { failing: 'fsync:error=EIO:when=30+', args: ['--workers', '1'] });
  await open(page, server.url);
  await page.locator('[data-start="run"]').click();
  await expect(page.locator('p.page-banner')).toContainText('cannot write its event log');
  const job = await page.locator('dialog.modal').getAttribute('data-job');
  expect(watched.of(job ?? '').some((line) => line.startsWith('finished'))).toBe(false);
  await page.goto(`${server.url}/jobs`);
  await expect(page.locator('p.page-banner')).toContainText('cannot write its event log');
});

test('a page that begins hidden falls asleep, and reads on once it is shown', async ({ browser, serveWired }) => {
  test.slow();
  const { server, wire, url } = await serveWired((server) => server.file('a', '0'));
  const tab = await Sleeper.openHidden(browser, url);
  // What the page was from its first moment, not what it became.
  const first = `performance.getEntriesByType('visibility-state')[0]?.name`;
  expect(await tab.evaluate(`[document.hidden, ${first} ?? 'hidden'].join()`)).toBe('true,hidden');
  await expect.poll(() => wire.opened).toBeGreaterThan(0);
  await expect.poll(() => wire.open, { timeout: 90_000 }).toBe(0);
  const opened = wire.opened;
  await over(server, await begin(server, mint(), 'checksum'));
  expect(wire.opened).toBe(opened);
  await tab.show();
  await tab.sees(`document.querySelector('.page-bar .link-badge')?.dataset.link === 'live'`);
  await expect.poll(() => wire.opened).toBeGreaterThan(opened);
  expect(tab.problems).toEqual([]);
});

test('hidden and frozen in mid-job, thawed after its end: every step, from the cursor', async ({ browser, serve }) => {
  const server = await serve((server) => server.slowFiles(5_000, 700_000), { args: ['--workers', '1'] });
  const tab = await Sleeper.open(browser, server.url);
  await tab.evaluate(`document.querySelector('[data-start="run"]').click()`);
  await tab.sees(`document.querySelector('dialog.modal[open]') !== null`);
  const job = await tab.evaluate(`document.querySelector('dialog.modal').dataset.job`);
  await expect.poll(() => tab.of(job).some((line) => line.startsWith('processing 250/')), { intervals: [20] }).toBe(true);
  await tab.freeze();
  const before = tab.of(job).length;
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).status, { timeout: 60_000 }).toBe('completed');
  // The page slept: at most the messages that were under way when it fell asleep.
  expect(tab.of(job).length).toBeLessThanOrEqual(before + 1);
  await tab.thaw();
  await tab.show();
  await expect.poll(() => tab.of(job).at(-1), { timeout: 30_000 }).toBe('finished: completed');
  const steps = tab.of(job).filter((line) => line.startsWith('processing '));
  expect(steps).toEqual(Array.from({ length: 101 }, (_, step) => `processing ${step * 50}/5000`));
  expect(tab.problems).toEqual([]);
});
