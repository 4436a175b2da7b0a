// Pages are opened and closed; the job and its state stay.
import type { Page } from '@playwright/test';
import { dialog, done, ends, everyStep, open, pill, processAll, ready, shownJob } from './helper/page';
import { expect, test } from './helper/fixtures';
import { choose, config } from './helper/job';
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
  const server = await serve(
    (server) => {
      for (let index = 0; index < 60; index++) server.file(`${index}`, '0');
      // The job stands still there until both tabs are open, however slow the machine is.
      server.file('../hold-20');
    },
    { config, args: ['--workers', '1'] },
  );
  await open(page, server.url);
  await choose(page, 'slow');
  const job = await processAll(page);
  const others = [];
  for (const _ of [2, 3]) {
    await expect.poll(() => watched.of(job).length).toBeGreaterThan(6);
    const tab = await context.newPage();
    others.push(watch(tab));
    await open(tab, server.url);
    await pill(tab, job).click();
    expect(await shownJob(tab)).toBe(job);
    await expect(dialog(tab, job).locator('.proof')).toHaveAttribute('data-base', /^[1-9]/);
  }
  server.remove('../hold-20');
  for (const one of [watched, ...others]) await ends(one, server, job, 'completed');
});

/** Counts the streams that a tab holds. */
function countStreams() {
  const all: EventSource[] = [];
  (window as any).streams = () => all.filter((stream) => stream.readyState === EventSource.OPEN).length;
  window.EventSource = class extends EventSource {
    constructor(url: string | URL) {
      super(url);
      all.push(this);
    }
  };
}

/** Takes an API away from a page: `locks`, or a global. */
function remove(api: string) {
  Object.defineProperty(api === 'locks' ? navigator : window, api, { value: undefined });
}

const streams = async (tabs: Page[]) => {
  const each = await Promise.all(tabs.map((tab) => tab.evaluate(() => (window as any).streams() as number)));
  return each.reduce((sum, held) => sum + held, 0);
};

const isLive = (tab: Page) => expect(tab.locator('.page-bar .link-badge')).toHaveAttribute('data-link', 'live');

test('ten tabs hold one stream: all live, every call answered, and nothing is lost when the leader goes in mid-job', async ({ context, page, serve, watch, watched }) => {
  // Ten pages start ten programs, which takes long.
  test.slow();
  const server = await serve(
    (server) => {
      for (let index = 0; index < 40; index++) server.file(`${index}`, '0');
      server.file('../hold');
    },
    { config, args: ['--workers', '1'] },
  );
  await context.addInitScript(countStreams);
  const tabs = [page];
  const consoles = [watched];
  await open(page, server.url);
  for (let number = 2; number <= 10; number++) {
    const tab = await context.newPage();
    tabs.push(tab);
    consoles.push(watch(tab));
    await open(tab, server.url);
  }
  for (const tab of tabs) await isLive(tab);
  expect(await streams(tabs)).toBe(1);
  const answers = await Promise.all(tabs.map((tab) => tab.evaluate(() => fetch('/api/jobs').then((answer) => answer.status))));
  expect(answers).toEqual(tabs.map(() => 200));
  // The last tab starts a job, another follows it from then on, and the leader is closed while events come.
  await choose(tabs[9], 'slow');
  const job = await processAll(tabs[9]);
  await pill(tabs[4], job).click();
  await expect(dialog(tabs[4], job).locator('.proof-received')).toContainText('Complete so far');
  server.remove('../hold');
  await expect.poll(() => consoles[9].of(job).length, { intervals: [20] }).toBeGreaterThan(6);
  await tabs[0].close();
  await ends(consoles[4], server, job, 'completed');
  await ends(consoles[9], server, job, 'completed');
  everyStep(consoles[9], job, 40);
  const left = tabs.slice(1);
  for (const tab of left) await isLive(tab);
  expect(await streams(left)).toBe(1);
  const healed = consoles.flatMap((said) => said.lines.filter((line) => /reading on|fresh snapshot/.test(line)));
  expect(healed).toEqual([]);
});

for (const [without, ...missing] of [
  ['locks', 'locks'],
  ['locks and broadcast channels', 'locks', 'BroadcastChannel'],
]) {
  test(`where a browser has no ${without}, the fifth tab says so and asks by calls`, async ({ context, serve, watch }) => {
    const server = await serve((server) => server.slowFiles(20, 20_000_000), { args: ['--workers', '1'] });
    await context.addInitScript(countStreams);
    for (const api of missing) await context.addInitScript(remove, api);
    const tabs: Page[] = [];
    for (let number = 1; number <= 6; number++) {
      const tab = await context.newPage();
      tabs.push(tab);
      const watched = watch(tab);
      await open(tab, server.url);
      await isLive(tab);
      const word = tab.locator('.page-bar .link-badge');
      if (number <= 4) continue;
      await expect(word).toHaveText('live, polling');
      if (number < 6) continue;
      const job = await processAll(tab);
      await ends(watched, server, job, 'completed');
    }
    expect(await streams(tabs)).toBe(4);
    await tabs[0].close();
    // Its place is free: one of the two polling tabs takes it, even if both see it at the same moment.
    const words = async () => (await Promise.all(tabs.slice(4).map((tab) => tab.locator('.page-bar .link-badge').innerText()))).sort();
    await expect.poll(words, { timeout: 40_000 }).toEqual(['live', 'live, polling']);
    expect(await streams(tabs.slice(1))).toBe(4);
  });
}

test('in a browser without broadcast channels, tabs still share one stream, even after the leader closes in mid-job', async ({ context, serve, watch }) => {
  const server = await serve((server) => server.slowFiles(20, 20_000_000), { args: ['--workers', '1'] });
  await context.addInitScript(countStreams);
  await context.addInitScript(remove, 'BroadcastChannel');
  const tabs: Page[] = [];
  const consoles = [];
  for (let number = 1; number <= 7; number++) {
    const tab = await context.newPage();
    tabs.push(tab);
    consoles.push(watch(tab));
    await open(tab, server.url);
    await isLive(tab);
  }
  expect(await streams(tabs)).toBe(1);
  const job = await processAll(tabs[6]);
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).counters?.succeeded).toBeGreaterThan(1);
  await tabs[0].close();
  await ends(consoles[6], server, job, 'completed');
  for (const tab of tabs.slice(1)) await isLive(tab);
  expect(await streams(tabs.slice(1))).toBe(1);
});

test('a job started by a program appears by itself', async ({ page, serve, watched }) => {
  const server = await serve(slow, { args: ['--workers', '1'] });
  await open(page, server.url);
  const job = mint();
  expect((await server.put(job)).status).toBe(201);
  await pill(page, job).click();
  expect(await shownJob(page)).toBe(job);
  await expect(dialog(page, job).locator('.head-title')).toHaveText('Checksum · files');
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
  await expect(page.getByRole('button', { name: 'Process 4 files' })).toBeVisible();
  const short = await processAll(page);
  expect(short).not.toBe(long);
  await expect(dialog(page, short).locator('.head-title')).toHaveText('Checksum · files/few');
  const truth = await ends(watched, server, short, 'completed');
  expect(truth.counters.total).toBe(4);
  const pill = page.locator(`.pill[data-job="${long}"]`);
  await expect(pill).toBeVisible();
  expect((await server.get(`/api/jobs/${long}`)).status).toBe('processing');
  // The completed one is shown until it is closed; then the other is shown on request.
  await page.keyboard.press('Escape');
  await expect(page.locator('dialog')).toHaveCount(0);
  await pill.click();
  await expect(dialog(page, long).locator('.head-title')).toHaveText('Checksum · files');
  await dialog(page, long).getByRole('button', { name: 'Cancel job' }).click();
  await ends(watched, server, long, 'cancelled');
});

test('a job that ended while no page was open is reported on return', async ({ page, serve, watched }) => {
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
  // The file of the client, which is requested and not run.
  allow(/was preloaded using link preload but not used/);
  const server = await serve(slow, { args: ['--workers', '1'] });
  const job = mint();
  await server.put(job);
  await expect.poll(async () => Number(done(await server.get(`/api/jobs/${job}`)))).toBeGreaterThan(2);
  // The job waits, so that it is the same on every page.
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
    await expect(page.locator('.link-badge .link-badge-word').first()).toBeHidden();
    await expect(page.locator('button:enabled, select:enabled, input:enabled:not([type="search"], [type="hidden"])')).toHaveCount(0);
  }
  await page.goto(server.url);
  // The first page of the list.
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(50);
  await expect(pill(page, job)).toHaveText(/([3-9]|\d\d) \/ 60 files/);
  await pill(page, job).click();
  await expect(page.locator('.job-panel .status-badge').first()).toHaveAttribute('data-status', 'paused');
  await expect(page.locator('.job-panel .head-done')).toHaveText(/^([3-9]|\d\d) \/ 60 files$/);
  await context.close();
});
