// A job's page has one layout: the same before and after a reload, with honest numbers in every state.
import { rmSync, writeFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { accessible } from './helper/axe';
import { begin, button, config, count, details, followed, over, status, three } from './helper/job';
import { open, ready } from './helper/page';
import { BROKEN, expect, test } from './helper/fixtures';
import { mint, type Server } from './helper/server';

/** From now on, the page records what moves without a person's doing. */
const watchShifts = (page: Page) =>
  page.addInitScript(() => {
    const found: { at: number; by: number; what: string[] }[] = [];
    Object.assign(window, { shifts: found });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as any[]) {
        const what = entry.sources.map(({ node }: any) => node?.className || node?.textContent || 'a part that is gone');
        if (!entry.hadRecentInput) found.push({ at: entry.startTime, by: entry.value, what });
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });

/** How much has moved on the page since then, and what. */
const shifts = (page: Page, since = 0) =>
  page.evaluate(async (since) => {
    // What moved in a frame is told after it.
    for (let frame = 0; frame < 3; frame++) await new Promise((done) => requestAnimationFrame(done));
    const found = ((window as any).shifts as { at: number; by: number; what: string[] }[]).filter(({ at }) => at >= since);
    return { moved: found.reduce((sum, { by }) => sum + by, 0), what: found.flatMap(({ what }) => what).join(', ') };
  }, since);

test('a page of a job that ended is the same after a reload, and for anyone who opens it later', async ({ page, serve, context, watch }) => {
  const server = await serve(
    (server) => {
      for (let index = 0; index < 12; index++) server.file(`f${index}`, index % 4 === 1 ? '7' : '0');
    },
    { config },
  );
  server.file('../hold-f5');
  const job = await begin(server, mint(), 'slow');
  await details(page, server, job);
  // The job works long enough to have a rate.
  await expect(page.locator('.head-speed')).toHaveText(/ files\/s · ([2-9]|[1-5]\d) s/);
  server.remove('../hold-f5');
  await expect(status(page)).toHaveText('completed with errors');
  const main = page.locator('main');
  await expect(page.locator('.proof-received')).toHaveText(/^Complete: all \d+ events, checked against the server's log\.$/);
  await expect(page.locator('.items .items-words', { hasText: 'exit code 7' })).toHaveCount(3);
  await expect(page.locator('.items .items-words', { hasText: /^(under )?\d\.\d s$/ })).toHaveCount(9);
  await expect(page.locator('.attention-number')).toHaveText('3');
  await expect(page.locator('.head-work-basis')).toHaveText('9 B of input done · 3 B failed or left out');
  const before = await main.innerText();
  expect(before).toMatch(/ files\/s · /);
  await page.reload();
  await followed(page);
  await expect.poll(() => main.innerText()).toBe(before);
  // A job that ended long ago is not announced.
  await expect(page.locator('.toast')).toHaveCount(0);
  const other = await context.newPage();
  watch(other);
  await details(other, server, job);
  await expect.poll(() => other.locator('main').innerText()).toBe(before);
  await other.getByText('How we know').click();
  await expect(other.locator('.head-how')).toContainText('state after event');
});

test('once it is painted, nothing moves on the page of a job that ended with failures', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      for (let index = 0; index < 12; index++) server.file(`f${index}`, ['0', '7', '8'][index % 3]);
    },
    { config },
  );
  const job = await begin(server, mint(), 'slow');
  await over(server, job);
  // Without the page's program, too, the causes are there.
  expect(await (await fetch(`${server.url}/jobs/${job}`)).text()).toContain('8 files failed for 2 reasons');
  await watchShifts(page);
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 800 });
    await details(page, server, job);
    await expect(page.locator('.attention-cause')).toHaveCount(2);
    await expect(page.locator('.proof-received')).toHaveText(/^Complete: all /);
    await expect(page.locator('.head-work-basis')).toHaveText('4 B of input done · 8 B failed or left out');
    const { moved, what } = await shifts(page);
    expect(moved, `${width} px: ${what}`).toBeLessThan(0.01);
  }
});

for (const width of [1280, 390]) {
  test(`nothing moves on the page of a live job when its first file fails, at ${width} px`, async ({ page, serve }) => {
    await page.setViewportSize({ width, height: 800 });
    const server = await serve(
      (server) => {
        for (let index = 10; index < 22; index++) server.file(`f${index}`, index === 14 ? '7' : '0');
        ['f14', 'f15'].forEach((name) => server.file(`../hold-${name}`));
      },
      { config, args: ['--workers', '1'] },
    );
    const job = await begin(server, mint(), 'slow');
    await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).counters?.succeeded).toBe(4);
    await watchShifts(page);
    await details(page, server, job);
    const [running, heading] = [page.locator('.head-running'), page.locator('.job-panel .attention h2')];
    await expect(running).toContainText('f14');
    await expect(heading).toHaveText('No failed files');
    await expect(button(page, 'retry')).toHaveCount(0);
    await expect(page.locator('.head-work-basis')).toHaveText('4 B of 12 B of input done');
    await expect(page.locator('.proof-received')).toHaveText(/^Complete so far, /);
    await expect(page.locator('.items tbody tr')).toHaveCount(12);
    const since = await page.evaluate(() => performance.now());
    server.remove('../hold-f14');
    await expect(heading).toHaveText('1 file failed for one reason');
    await expect(page.locator('.attention-why')).toContainText('exit code 7');
    await expect(button(page, 'retry')).toHaveText('Retry 1 failed');
    await expect(page.locator('.items .items-words', { hasText: 'exit code 7' })).toHaveCount(1);
    await expect(running).toContainText('f15');
    // What failed was not processed, and is no part of what is to be done.
    await expect(page.locator('.head-work-basis')).toHaveText('4 B of 11 B of input done · 1 B failed or left out');
    const { moved, what } = await shifts(page, since);
    expect(moved, what).toBeLessThan(0.001);
    await accessible(page, 'a live job with a failure');
    // The buttons at the top are the same, and the one that came does what it says.
    const top = page.locator('.job-panel > .head-actions');
    await expect(top.getByRole('button')).toHaveText(['Pause', 'Cancel job']);
    await button(page, 'retry').click();
    await expect(heading).toHaveText('No failed files');
    server.remove('../hold-f15');
    expect(await over(server, job)).toBe('completed_with_errors');
    await expect(heading).toHaveText('1 file failed for one reason');
    await expect(top.getByRole('button').first()).toHaveText('Retry 1 failed');
  });
}

/** Waits until the page shows everything that it reads of a live job, and returns the moment from which on nothing must move. */
async function settled(page: Page, held: string) {
  await expect(page.locator('.head-running')).toContainText(held);
  await expect(page.locator('.attention-why').first()).toContainText('exit code');
  await expect(page.locator('.head-work-basis')).toContainText('of input done');
  await expect(page.locator('.proof-received')).toHaveText(/^Complete so far, /);
  await expect(page.locator('.items .items-words', { hasText: 'exit code' }).first()).toBeVisible();
  return page.evaluate(() => performance.now());
}

const twelve = (server: Server) => {
  for (let index = 10; index < 22; index++) server.file(`f${index}`, ['0', '7', '8'][index % 3]);
  server.file('../hold-f20');
};

for (const width of [1280, 390]) {
  test(`nothing moves on the page of a job that ends with failures while one looks, at ${width} px`, async ({ page, serve }) => {
    await page.setViewportSize({ width, height: 800 });
    const server = await serve(twelve, { config, args: ['--workers', '1'] });
    const job = await begin(server, mint(), 'slow');
    await watchShifts(page);
    await details(page, server, job);
    const since = await settled(page, 'f20');
    server.remove('../hold-f20');
    await expect(status(page)).toHaveText('completed with errors');
    await expect(page.locator('.proof-received')).toHaveText(/^Complete: all /);
    await expect(page.locator('.head-work-basis')).toHaveText('4 B of input done · 8 B failed or left out');
    await expect(page.locator('.attention h2').first()).toHaveText('8 files failed for 2 reasons');
    await expect(page.locator('.items .items-words', { hasText: 'exit code' })).toHaveCount(8);
    await expect(page.locator('.job-panel > .head-actions').getByRole('button').first()).toHaveText('Retry 8 failed');
    const { moved, what } = await shifts(page, since);
    expect(moved, what).toBeLessThan(0.001);
    await accessible(page, 'a job that ended while one looked');
  });

  test(`nothing moves on the page of a job when its outputs come at its end, at ${width} px`, async ({ page, serve }) => {
    await page.setViewportSize({ width, height: 800 });
    const server = await serve((server) => three(server), { config });
    writeFileSync(server.holdsFinishing, '');
    const job = await begin(server, mint(), 'checksum');
    await watchShifts(page);
    await details(page, server, job);
    await expect(status(page)).toHaveText('finishing');
    await expect(page.locator('.head-work-basis')).toContainText('read');
    await expect(page.locator('.proof-received')).toHaveText(/^Complete so far, /);
    await expect(page.locator('.items .items-size').first()).not.toBeEmpty();
    const failures = page.locator('.job-panel .attention');
    await expect(failures).toContainText('Files that fail are listed here');
    const since = await page.evaluate(() => performance.now());
    rmSync(server.holdsFinishing);
    await expect(status(page)).toHaveText('completed');
    await expect(page.locator('.head-output')).not.toHaveCount(0);
    await expect(page.locator('.proof-received')).toHaveText(/^Complete: all /);
    const { moved, what } = await shifts(page, since);
    expect(moved, what).toBeLessThan(0.001);
    // None failed: the place stays, and nothing is said of it any more.
    await expect(failures).toBeHidden();
    await page.reload();
    await followed(page);
    await expect(failures).toBeHidden();
  });

  test(`nothing moves on the page of a job when the link goes silent and comes back, at ${width} px`, async ({ page, serveWired }) => {
    await page.setViewportSize({ width, height: 800 });
    const { server, wire, url } = await serveWired(twelve, { config, args: ['--workers', '1'] });
    const job = await begin(server, mint(), 'slow');
    await watchShifts(page);
    await page.goto(`${url}/jobs/${job}`);
    await followed(page);
    const badge = page.locator('.page-bar .link-badge');
    for (const others of [0, 2]) {
      // Other jobs have a pill in the bar.
      for (let other = 0; other < others; other++) await begin(server, mint(), 'slow', { query: { paths: ['f10'] }, approval: true });
      await expect(page.locator('.pill')).toHaveCount(others ? 1 : 0);
      if (others) await expect(page.locator('.pill')).toHaveText(`${others} others waiting for you`);
      await expect(badge).toHaveAttribute('data-link', 'live');
      const since = await settled(page, 'f20');
      wire.hold();
      await expect(badge).toHaveAttribute('data-link', 'silent', { timeout: 30_000 });
      await expect(page.locator('.proof-received')).toHaveText(/^As of /);
      if (others) await expect(page.locator('.pill-text')).toHaveText(`Last known: ${others} others waiting for you`);
      wire.release();
      await expect(badge).toHaveAttribute('data-link', 'live', { timeout: 30_000 });
      await expect(page.locator('.proof-received')).toHaveText(/^Complete so far, /);
      const { moved, what } = await shifts(page, since);
      expect(moved, `with ${others} other jobs: ${what}`).toBeLessThan(0.001);
    }
    server.remove('../hold-f20');
    expect(await over(server, job)).toBe('completed_with_errors');
  });
}

for (const width of [1280, 390]) {
  test(`nothing moves on the page of a job while its files are listed, at ${width} px`, async ({ page, serve }) => {
    await page.setViewportSize({ width, height: 800 });
    const server = await serve(
      (server) => {
        for (let index = 0; index < 60; index++) server.file(`folder-${index}/file`);
      },
      { failing: 'getdents64:delay_enter=30000' },
    );
    const job = mint();
    expect((await server.put(job)).status).toBe(201);
    await watchShifts(page);
    await page.goto(`${server.url}/jobs/${job}`);
    await followed(page);
    await expect(page.locator('.job-panel .head-done')).toHaveText(/^Listing files: \d+ so far$/);
    await expect(page.locator('.map')).toBeVisible();
    await expect(page.locator('.job-panel .head-done')).toHaveText('60 / 60 files', { timeout: 60_000 });
    await expect(page.locator('.proof-received')).toHaveText(/^Complete: all /);
    const { moved, what } = await shifts(page);
    expect(moved, what).toBeLessThan(0.001);
  });
}

test('nothing moves when the list of jobs is loaded', async ({ page, serve }) => {
  const server = await serve(three, { config });
  for (let number = 0; number < 3; number++) await over(server, await begin(server, mint(), 'checksum'));
  await begin(server, mint(), 'checksum', { approval: true });
  await watchShifts(page);
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 800 });
    await open(page, `${server.url}/jobs`);
    await expect(page.locator('.jobs-history tbody tr')).toHaveCount(3);
    await expect(page.locator('.job-card')).toHaveCount(1);
    // As the browser writes it.
    await expect(page.locator('td.jobs-ended').first()).not.toContainText('UTC');
    const { moved, what } = await shifts(page);
    expect(moved, `${width} px: ${what}`).toBeLessThan(0.001);
  }
});

test('nothing moves when a filtered list of files is loaded', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      for (let index = 0; index < 12; index++) server.file(`f${index}`, ['0', '7', '8'][index % 3]);
    },
    { config },
  );
  const job = await begin(server, mint(), 'slow');
  await over(server, job);
  await watchShifts(page);
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 800 });
    for (const [query, matches] of [
      ['?status=failed#job-files', '8 of 12 files'],
      ['?name=nope#job-files', '0 of 12 files'],
    ]) {
      await details(page, server, job, query);
      await expect(page.locator('.items-matches')).toHaveText(matches);
      await expect(page.locator('.proof-received')).toHaveText(/^Complete: all /);
      const { moved, what } = await shifts(page);
      expect(moved, `${query}, ${width} px: ${what}`).toBeLessThan(0.001);
    }
  }
});

test('rate and clock stand still in a pause and while the server is away', async ({ page, serve, allow }) => {
  allow(BROKEN);
  const server = await serve(
    (server) => {
      for (let index = 0; index < 9; index++) server.file(`f${index}`, '0');
      server.file('../hold-f7');
    },
    { config, args: ['--workers', '1'] },
  );
  const job = await begin(server, mint(), 'slow');
  await details(page, server, job);
  await expect(count(page, 'succeeded')).toHaveText('7');
  // The job works long enough to have a rate.
  const pace = page.locator('.head-speed');
  await expect(pace).toHaveText(/ files\/s · ([2-9]|[1-5]\d) s/);
  // The rest should have taken less time than has passed: no estimate is shown, rather than a growing one.
  await expect(page.locator('.head-work-left')).toHaveText('No estimate of the time left');
  await expect(page.locator('.head-work-basis')).toHaveText('7 B of 9 B of input done');
  await button(page, 'pause').click();
  await expect(status(page)).toHaveText('paused');
  await expect(page.locator('.head-work-left')).toBeEmpty();
  server.remove('../hold-f7');
  await expect(count(page, 'running')).toHaveText('0');
  const paused = await pace.innerText();
  await page.waitForTimeout(10_000);
  expect(await pace.innerText()).toBe(paused);
  await page.reload();
  await followed(page);
  await expect(pace).toHaveText(paused);

  server.file('../hold-f8');
  await button(page, 'resume').click();
  await expect(count(page, 'running')).toHaveText('1');
  await server.stop('SIGKILL');
  await expect(page.locator('.page-bar .link-badge')).not.toHaveAttribute('data-link', 'live');
  const rate = async () => parseFloat(await pace.innerText());
  const silent = await rate();
  for (let look = 0; look < 8; look++) {
    await page.waitForTimeout(1_000);
    expect(await rate()).toBeGreaterThanOrEqual(silent);
  }
  // The time while the server was away does not count as work either.
  await server.start();
  await expect(page.locator('.page-bar .link-badge')).toHaveAttribute('data-link', /live|healed/, { timeout: 30_000 });
  await expect(count(page, 'running')).toHaveText('1');
  server.remove('../hold-f8');
  await expect(status(page)).toHaveText('completed');
  const said = await pace.innerText();
  const { worked } = await server.get(`/api/jobs/${job}`);
  const exact = worked.ms < 10_000 ? (Math.floor((worked.ms + 50) / 100) / 10).toFixed(1) : Math.floor(worked.ms / 1_000);
  expect(said.endsWith(`· ${exact} s of work`), `${said}, ${worked.ms} ms`).toBe(true);
});

test('files that are being listed are counted, and no percentage is made of them', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      for (let index = 0; index < 60; index++) server.file(`folder-${index}/file`);
    },
    { failing: 'getdents64:delay_enter=30000' },
  );
  const job = mint();
  expect((await server.put(job)).status).toBe(201);
  await page.goto(`${server.url}/jobs/${job}`);
  await expect(page.locator('.job-panel .head-done')).toHaveText(/^Listing files: \d+ so far$/);
  await expect(page.locator('.job-panel .head-percent')).toHaveText('');
  expect(await page.getByRole('progressbar').getAttribute('aria-valuenow')).toBeNull();
  await expect(page).toHaveTitle('Listing files · Checksum · files · Headway');
  await expect(page.locator('.job-panel .head-done')).toHaveText('60 / 60 files', { timeout: 60_000 });
});

test('what was undone says so: the job, its trash, the list of files', async ({ page, serve }) => {
  const server = await serve(three, { config });
  const job = await begin(server, mint(), 'upper');
  await over(server, job);
  await details(page, server, job);
  await expect(page.locator('.job-trash')).toContainText('3 files are in the trash');
  // The question is answered with Escape, and does not outlive what it asks about.
  const [ask, sure] = ['empty', 'empty_trash'].map((action) => page.locator(`.job-trash [data-action="${action}"]`));
  await ask.click();
  await expect(page.locator('.job-trash')).toContainText('Undo will no longer be possible.');
  await page.keyboard.press('Escape');
  await expect(ask).toBeVisible();
  await ask.click();
  await expect(sure).toBeVisible();
  await button(page, 'undo').click();
  await expect.poll(() => server.read('c')).toBe('text c');
  const undo = (await server.jobs())[0].job;
  await over(server, undo);
  // The page finds out by itself.
  await expect(page.locator('.head-undone')).toHaveText('Undone by Undo: Upper · files: 3 of 3 files put back.');
  await expect(button(page, 'undo')).toHaveCount(0);
  await expect(page.locator('.job-trash')).toContainText('3 files are back; copies of them are in the trash');
  await expect(sure).toHaveCount(0);
  await page.keyboard.press('Escape');
  await ask.click();
  await expect(page.locator('.job-trash')).toContainText('They are copies: the files themselves stay.');
  // The status says it too, as in the list of jobs.
  await expect(page.locator('.job-panel .head-top')).toContainText(/completed\s*undone/);
  await page.reload();
  await followed(page);
  await expect(button(page, 'undo')).toHaveCount(0);
  await expect(page.locator('.head-undone').getByRole('link')).toHaveAttribute('href', `/jobs/${undo}`);
  await open(page, server.url);
  await expect(page.locator('.ui-listing .status-badge', { hasText: 'put back' })).toHaveCount(3);
  await page.getByRole('link', { name: 'not processed' }).click();
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(3);
});

test('an older answer never takes the place of a newer one', async ({ page, serve }) => {
  const server = await serve(three, { config });
  const job = await begin(server, mint(), 'upper');
  await over(server, job);
  await details(page, server, job);
  // The first answer is read before the undo and arrives after it.
  let reads = 0;
  let release = () => {};
  const held = new Promise<void>((done) => (release = done));
  await page.route('**/api/fn/job', async (route) => {
    const number = ++reads;
    const response = await route.fetch();
    if (number === 1) await held;
    await route.fulfill({ response });
  });
  await begin(server, mint(), 'checksum', { approval: true });
  await expect.poll(() => reads).toBe(1);
  await button(page, 'undo').click();
  await expect(page.locator('.head-undone')).toHaveText('Undone by Undo: Upper · files: 3 of 3 files put back.');
  // Counts every moment from here on at which it was not shown.
  await page.evaluate(() => {
    const seen = Object.assign(window, { unsaid: 0 });
    const look = () => (seen.unsaid += document.querySelector('.head-undone') ? 0 : 1);
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true });
  });
  const late = page.waitForResponse('**/api/fn/job');
  release();
  await (await late).finished();
  // A later answer is shown, so this answer was processed before.
  const next = page.waitForResponse('**/api/fn/job');
  await begin(server, mint(), 'checksum', { approval: true });
  await (await next).finished();
  await expect(page.locator('.pill')).toHaveText('2 waiting for you');
  await expect(page.locator('.head-undone')).toBeVisible();
  await expect(button(page, 'undo')).toHaveCount(0);
  expect(await page.evaluate(() => (window as any).unsaid)).toBe(0);
  // A call that is under way ends with the test.
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('titles say where one is, and how far a job is', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      for (const name of ['a', 'b', 'c', 'd']) server.file(`2024/Norway/${name}`, '0');
    },
    { config, args: ['--workers', '1'] },
  );
  await open(page, server.url);
  await expect(page).toHaveTitle('files · Headway');
  await page.getByRole('link', { name: '2024' }).click();
  await page.getByRole('link', { name: 'Norway' }).click();
  await expect(page).toHaveTitle('2024/Norway · files · Headway');
  server.file('../hold');
  const job = await begin(server, mint(), 'slow');
  await details(page, server, job);
  await expect(page).toHaveTitle('0 % · Slow · files · Headway');
  const html = await (await fetch(`${server.url}/jobs/${job}`)).text();
  expect(html).toContain('<title>0 % · Slow · files · Headway</title>');
  server.remove('../hold');
  await expect(page).toHaveTitle('Completed · Slow · files · Headway');
});

test('nothing is offered for processing where there is nothing', async ({ page, serve, allow }) => {
  allow(/the server responded with a status of 4\d\d/);
  const server = await serve((server) => {
    server.file('full/one');
    server.file('empty/gone');
    server.remove('empty/gone');
  });
  const all = page.locator('[data-start="run"]');
  await open(page, `${server.url}/?folder=full`);
  await expect(all).toBeEnabled();
  await open(page, `${server.url}/?folder=empty`);
  await expect(all).toBeDisabled();
  await expect(page.locator('.start-bar')).toContainText('No file here.');
  await open(page, `${server.url}/?search=nothing`);
  await expect(all).toBeDisabled();
  await expect(page.locator('.start-bar')).toContainText('No file matches.');
  await page.getByRole('searchbox').fill('one');
  await expect(all).toBeEnabled();
  for (const nowhere of ['/?library=nope', '/?folder=nope']) {
    await page.goto(server.url + nowhere);
    await ready(page);
    await expect(page.locator('main [role="alert"]:visible').first()).toBeVisible();
    await expect(page.locator('.start-panel')).toBeHidden();
    await expect(page.locator('.start-bar')).toBeHidden();
  }
});
