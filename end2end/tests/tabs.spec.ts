// Pages come and go; the job and its truth stay.
import { dialog, done, ends, open, pill, processAll, ready, shownJob } from './helper/page';
import { expect, test } from './helper/fixtures';
import { mint, type Server } from './helper/server';

const slow = (server: Server) => server.slowFiles(60, 20_000_000);

test('a reload in mid-job takes the job up from the server alone', async ({ page, serve, watched }) => {
  const server = await serve(slow, { args: ['--workers', '1'] });
  await open(page, server.url);
  const job = await processAll(page);
  await expect.poll(() => watched.of(job).length).toBeGreaterThan(6);
  await page.reload();
  await ready(page);
  expect(await shownJob(page)).toBe(job);
  await ends(watched, server, job, 'completed');
});

test('a second and a third tab, opened in mid-job, end in the same state', async ({ page, context, serve, watched, watch }) => {
  const server = await serve(slow, { args: ['--workers', '1'] });
  await open(page, server.url);
  const job = await processAll(page);
  const others = [];
  for (const _ of [2, 3]) {
    await expect.poll(() => watched.of(job).length).toBeGreaterThan(6);
    const tab = await context.newPage();
    others.push(watch(tab));
    await open(tab, server.url);
    await pill(tab, job).click();
    expect(await shownJob(tab)).toBe(job);
    await expect(dialog(tab, job).locator('.received')).toContainText('Snapshot at');
  }
  for (const one of [watched, ...others]) await ends(one, server, job, 'completed');
});

test('a job started by a program appears by itself', async ({ page, serve, watched }) => {
  const server = await serve(slow, { args: ['--workers', '1'] });
  await open(page, server.url);
  const job = mint();
  expect((await server.put(job)).status).toBe(201);
  await pill(page, job).click();
  expect(await shownJob(page)).toBe(job);
  await expect(dialog(page, job).locator('.title')).toHaveText('Checksum of files');
  await ends(watched, server, job, 'completed');
});

test('two jobs at once: each is shown as itself, and the end of one does not touch the other', async ({ page, serve, watched }) => {
  const server = await serve(
    (server) => {
      // Long enough to outlast the other on any machine; cancelled at the end.
      server.slowFiles(2_000, 50_000_000);
      server.slowFiles(4, 20_000_000, 'few');
    },
    { args: ['--workers', '2'] },
  );
  await open(page, server.url);
  const long = await processAll(page);
  await page.keyboard.press('Escape');
  await expect(page.locator(`.pill[data-job="${long}"]`)).toBeVisible();
  await page.getByRole('link', { name: 'few' }).click();
  await expect(page.getByRole('button', { name: 'Process all in few' })).toBeVisible();
  const short = await processAll(page);
  expect(short).not.toBe(long);
  await expect(dialog(page, short).locator('.title')).toHaveText('Checksum of files/few');
  const truth = await ends(watched, server, short, 'completed');
  expect(truth.counters.total).toBe(4);
  const pill = page.locator(`.pill[data-job="${long}"]`);
  await expect(pill).toBeVisible();
  expect((await server.get(`/api/jobs/${long}`)).status).toBe('processing');
  // The completed one closes itself into a toast; the other is shown on request.
  await expect(page.locator(`.toast[data-job="${short}"]`)).toBeVisible();
  await pill.click();
  await expect(dialog(page, long).locator('.title')).toHaveText('Checksum of files');
  await dialog(page, long).getByRole('button', { name: 'Cancel job' }).click();
  await ends(watched, server, long, 'cancelled');
});

test('a job that ended while no page looked is told on return', async ({ page, serve, watched }) => {
  const server = await serve((server) => server.slowFiles(6, 60_000_000), { args: ['--workers', '1'] });
  await open(page, server.url);
  const job = await processAll(page);
  await expect.poll(() => watched.of(job).includes('processing')).toBe(true);
  // A stop between the last frame and leaving must not matter.
  await expect.poll(() => page.evaluate(() => localStorage.getItem('headway.live'))).toContain(job);
  await page.goto('about:blank');
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).status, { timeout: 30_000 }).toBe('completed');
  await open(page, server.url);
  await expect(page.locator(`.toast[data-job="${job}"]`)).toContainText('finished while you were away');
});

test('the first paint is true without JavaScript, and nothing looks alive that is dead', async ({ browser, serve, watch, allow }) => {
  // The program, which nobody runs.
  allow(/was preloaded using link preload but not used/);
  const server = await serve(slow, { args: ['--workers', '1'] });
  const job = mint();
  await server.put(job);
  await expect.poll(async () => Number(done(await server.get(`/api/jobs/${job}`)))).toBeGreaterThan(2);
  // It stands still, so that it is the same on every page.
  await server.post(job, 'pause');
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).counters.running).toBe(0);
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  watch(page);
  for (const path of ['/', '/jobs', `/jobs/${job}`]) {
    await page.goto(server.url + path);
    await expect(page.locator('dialog')).toHaveCount(0);
    await expect(page.locator('noscript')).toBeVisible();
    expect(await page.locator('noscript').textContent()).toContain('nothing can be started here');
    await expect(page.locator('.link-badge .word').first()).toBeHidden();
    await expect(page.locator('button:enabled, select:enabled, input:enabled:not([type="search"], [type="hidden"])')).toHaveCount(0);
  }
  await page.goto(server.url);
  await expect(page.locator('.listing tbody tr')).toHaveCount(60);
  await expect(pill(page, job)).toHaveText(/^([3-9]|\d\d) \/ 60 files/);
  await pill(page, job).click();
  await expect(page.locator('.job .status-badge').first()).toHaveAttribute('data-status', 'paused');
  await expect(page.locator('.job .done')).toHaveText(/^([3-9]|\d\d) \/ 60 files$/);
  await context.close();
});
