// Every way in which a job can end, and what the page says about it.
import { createHash } from 'node:crypto';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dialog, ends, open, pill, processAll, ready, shownJob, tenFiles } from './helper/page';
import { expect, test } from './helper/fixtures';
import { begin, count, over } from './helper/job';
import { mint, type Server } from './helper/server';

const slow = (server: Server) => server.slowFiles(60, 20_000_000);

// Ten files, one of which the server cannot read.
const oneUnreadable = (server: Server) => {
  tenFiles(server);
  chmodSync(join(server.library, '3.txt'), 0);
};

test('every item fails: the job failed, and the page says which and why', async ({ page, serve, watched }) => {
  const server = await serve(
    (server) => {
      tenFiles(server);
      for (let index = 0; index < 10; index++) chmodSync(join(server.library, `${index}.txt`), 0);
    },
    { weak: true },
  );
  await open(page, server.url);
  const job = await processAll(page);
  const truth = await ends(watched, server, job, 'failed');
  expect(truth.counters.failed).toBe(10);
  const shown = dialog(page, job);
  await expect(shown.locator('.status-badge').first()).toHaveText('failed');
  await expect(shown.locator('.head-standing')).toContainText('every file failed');
  // Anything but a plain success stays until it is closed.
  await page.waitForTimeout(4_000);
  await shown.getByRole('button', { name: 'Close' }).click();
  await expect(page.locator('dialog.modal')).toHaveCount(0);
  await expect(page.locator('.ui-listing .status-badge[data-status="failed"]')).toHaveCount(10);
});

test('one item fails: completed with errors', async ({ page, serve, watched }) => {
  const server = await serve(oneUnreadable, { weak: true });
  await open(page, server.url);
  const job = await processAll(page);
  await ends(watched, server, job, 'completed_with_errors');
  await expect(dialog(page, job).locator('.head-standing')).toHaveText(/^Finished \d\d:\d\d with 1 failure, .* of work\.$/);
});

test('a query that finds nothing is a completed job of 0 files', async ({ page, serve, watched }) => {
  const server = await serve(() => {});
  await open(page, server.url);
  await expect(page.getByRole('heading', { name: 'This folder is empty' })).toBeVisible();
  // The page does not offer it; a program may ask for it.
  await expect(page.locator('[data-start="run"]')).toBeDisabled();
  const job = mint();
  expect((await server.put(job)).status).toBe(201);
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).status).toBe('completed');
  await page.goto(`${server.url}/jobs/${job}`);
  await expect(page.locator('.job-panel .head-done')).toHaveText('0 / 0 files');
  await expect(page.locator('.proof-received')).toContainText('Complete: all');
});

test('a job cancelled while it runs ends cancelled, with true counts', async ({ page, serve, watched }) => {
  const server = await serve(slow, { args: ['--workers', '1'] });
  await open(page, server.url);
  const job = await processAll(page);
  await expect.poll(() => watched.of(job).length).toBeGreaterThan(8);
  await dialog(page, job).getByRole('button', { name: 'Cancel job' }).click();
  const truth = await ends(watched, server, job, 'cancelled');
  expect(truth.counters.succeeded).toBeGreaterThan(0);
  expect(truth.counters.cancelled).toBeGreaterThan(0);
  expect(truth.counters.running + truth.counters.waiting).toBe(0);
});

test('a job cancelled in the queue never runs', async ({ page, serve, watched }) => {
  // The first job runs longer than this test.
  const server = await serve((server) => server.slowFiles(60, 400_000_000), { args: ['--workers', '1', '--jobs', '1'] });
  const first = mint();
  await server.put(first);
  await open(page, server.url);
  await expect(pill(page, first)).toBeVisible();
  const job = await processAll(page);
  const shown = dialog(page, job);
  await expect(shown.locator('.head-top .status-badge')).toHaveAttribute('data-status', 'queued');
  await shown.getByRole('button', { name: 'Cancel job' }).click();
  const truth = await ends(watched, server, job, 'cancelled');
  expect(truth.counters).toMatchObject({ cancelled: 60, succeeded: 0 });
  expect(truth.began).toBeNull();
  await server.get(`/api/jobs/${first}`).then((other) => expect(other.status).toBe('processing'));
});

test('a cancel clicked before the start is answered is not lost', async ({ page, serve, watched }) => {
  const server = await serve(slow, { args: ['--workers', '1'] });
  let release = () => {};
  const held = new Promise<void>((done) => (release = done));
  await page.route('**/api/fn/start_job', async (route) => {
    await held;
    await route.continue();
  });
  await open(page, server.url);
  const job = await processAll(page);
  await dialog(page, job).getByRole('button', { name: 'Cancel job' }).click();
  await expect(dialog(page, job).getByRole('button', { name: 'Cancelling' })).toBeDisabled();
  release();
  await ends(watched, server, job, 'cancelled');
});

test('one click verifies the very files of a checksum job, and no others', async ({ page, serve, watched }) => {
  const server = await serve((server) => ['sub/a', 'sub/b', 'sub/c'].forEach((path) => server.file(path)));
  await open(page, `${server.url}/?library=files&folder=sub`);
  for (const name of ['a', 'b']) await page.getByRole('checkbox', { name: `Select ${name}`, exact: true }).check();
  const job = await processAll(page);
  await dialog(page, job).hover();
  await ends(watched, server, job, 'completed');
  const button = dialog(page, job).getByRole('button', { name: 'Verify these files' });
  await expect(button).toHaveClass(/primary/);
  await expect(dialog(page, job).locator('.ui-buttons .ui-primary')).toHaveCount(1);
  await button.click();
  await expect(dialog(page, job)).toHaveCount(0);
  const check = await shownJob(page);
  await ends(watched, server, check, 'completed');
  const { counters } = await server.get(`/api/jobs/${check}`);
  expect([counters.total, counters.succeeded]).toEqual([2, 2]);
  // The same from the job's own page.
  server.file('sub/a', 'another');
  await page.goto(`${server.url}/jobs/${job}`);
  await ready(page);
  await page.locator('.head-actions').getByRole('button', { name: 'Verify these files' }).click();
  await expect(dialog(page, job)).toHaveCount(0);
  const again = await shownJob(page);
  await ends(watched, server, again, 'completed_with_errors');
  // The dialog, which stays, shows what failed and why.
  const cause = dialog(page, again).locator('.attention-cause');
  await expect(cause).toContainText('changed');
  // It is the next step to look at it: a second look would find the same.
  await expect(dialog(page, again).locator('.ui-primary')).toHaveText(['Show 1']);
  await page.waitForTimeout(4_000);
  await cause.getByRole('link', { name: 'Show' }).click();
  await expect(page.locator('dialog.modal')).toHaveCount(0);
  await expect(page.locator('.items tbody tr')).toHaveCount(1);
  await expect(page.locator('.job-panel .ui-primary')).toHaveText(['Show 1']);
});

test('why a file failed is on the first screen of a phone, on the page and in the dialog', async ({ page, serve, watched }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const server = await serve((server) => ['a', 'b'].forEach((path) => server.file(path)));
  const job = mint();
  expect((await server.put(job)).status).toBe(201);
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).status).toBe('completed');
  server.file('a', 'another');
  await page.goto(`${server.url}/jobs/${job}`);
  await ready(page);
  await page.locator('.head-actions').getByRole('button', { name: 'Verify these files' }).click();
  const again = await shownJob(page);
  await ends(watched, server, again, 'completed_with_errors');
  await expect(dialog(page, again).locator('.attention-why')).toBeInViewport({ ratio: 1 });
  const buttons = dialog(page, again).locator(':scope > .ui-buttons');
  const [why, below] = [await dialog(page, again).locator('.attention-why').boundingBox(), await buttons.boundingBox()];
  expect(why!.y + why!.height).toBeLessThanOrEqual(below!.y);
  await page.goto(`${server.url}/jobs/${again}`);
  await ready(page);
  await expect(page.locator('.attention-place')).toBeInViewport({ ratio: 1 });
});

test('a job of duplicates says what it found, and plans the removal of the copies', async ({ page, serve, watched }) => {
  const server = await serve((server) => ['a', 'b'].forEach((name) => server.file(name, 'same')));
  const found = await begin(server, mint(), 'duplicates');
  await over(server, found);
  await page.goto(`${server.url}/jobs/${found}`);
  await ready(page);
  await expect(page.locator('.job-panel')).toContainText('1 group of files with the same content: 2 files; removing 1 of them frees 4 bytes');
  await page.getByRole('button', { name: 'Plan the removal of the copies' }).click();
  const job = await shownJob(page);
  await dialog(page, job).getByRole('button', { name: 'Run 1 file' }).click();
  const truth = await ends(watched, server, job, 'completed');
  expect([truth.counters.succeeded, truth.request.settings.report]).toEqual([1, found]);
});

test('a manifest that names a missing file: one sentence says so, and the bar counts the file', async ({ page, serve }) => {
  const server = await serve((server) => {
    const sum = (text: string) => createHash('sha256').update(text).digest('hex');
    ['a', 'b', 'gone'].forEach((name) => server.file(name));
    server.file('SHA256SUMS', ['a', 'b', 'gone'].map((name) => `${sum(name)}  ${name}\n`).join(''));
    server.remove('gone');
  });
  const job = await begin(server, mint(), 'verify', { settings: { manifest: 'SHA256SUMS' } });
  await over(server, job);
  await page.goto(`${server.url}/jobs/${job}`);
  await ready(page);
  const panel = page.locator('.job-panel');
  await expect(panel.locator('.head-done')).toHaveText('3 / 4 files');
  await expect(panel.locator('.head-percent')).toHaveText('75 %');
  await expect(panel.locator('.head-count[data-status="all"]')).toHaveText(/=\s*4\s*files/);
  await expect(count(page, 'missed')).toHaveText('1');
  await expect(panel.locator('.head-missed')).toHaveText(/^1 file that the manifest names is missing: gone\.\s*1: not there Show$/);
  await expect(panel.getByText('1 file that the manifest names is missing')).toHaveCount(1);
  await panel.locator('.head-missed').getByRole('link', { name: 'Show' }).click();
  await expect(page.locator('.items tbody tr')).toHaveCount(1);
  await expect(page.locator('.items tbody tr')).toContainText('not there');
  // Its number leads to as many rows, which say the same.
  await page.locator('.head-count').getByRole('link', { name: '1 missed' }).click();
  await expect(page).toHaveURL(`${server.url}/jobs/${job}?status=missed#job-files`);
  await expect(page.locator('.items tbody .status-badge')).toHaveText(['missed']);
});

test('each file that duplicates found says how many there are and which stays, live and after a reload', async ({ page, serve }) => {
  const server = await serve((server) => {
    ['a', 'b', 'c'].forEach((name) => server.file(name, 'same'));
    server.file('d', 'else');
    server.file('e', 'of another size');
  });
  writeFileSync(server.holdsFinishing, '');
  const job = await begin(server, mint(), 'duplicates', { settings: { keep: 'first' } });
  await page.goto(`${server.url}/jobs/${job}`);
  await expect(page.locator('.items .status-badge', { hasText: 'done' })).toHaveCount(5);
  rmSync(server.holdsFinishing);
  const three = '3 files with this content, 4 bytes each:';
  const said = [`${three} this one stays`, `${three} a stays`, `${three} a stays`, 'no other file of this job that was read has this content', ''];
  await expect(page.locator('.items tbody .items-words')).toHaveText(said);
  await page.reload();
  await expect(page.locator('.job-files[data-followed]')).toBeAttached();
  await expect(page.locator('.items tbody .items-words')).toHaveText(said);
});

test('the dialog says which files were missed, and why, and stays', async ({ page, serve, watched }) => {
  const server = await serve((server) => tenFiles(server));
  await open(page, server.url);
  await page.getByRole('checkbox', { name: 'Select 1.txt' }).check();
  server.remove('1.txt');
  const job = await processAll(page);
  await ends(watched, server, job, 'completed_with_errors');
  const missed = dialog(page, job).locator('.head-missed');
  // In the words of its row.
  await expect(missed).toContainText('1: not there');
  await page.waitForTimeout(4_000);
  await missed.getByRole('link', { name: 'Show' }).click();
  await expect(page.locator('.items tbody tr')).toHaveCount(1);
});

test('the page of the first job shows a retry: in its head, at the file and in the drawer', async ({ page, serve, watched }) => {
  const server = await serve(oneUnreadable, { weak: true });
  await open(page, server.url);
  const job = await processAll(page);
  await ends(watched, server, job, 'completed_with_errors');
  await page.goto(`${server.url}/jobs/${job}?status=failed&file=3`);
  await ready(page);
  chmodSync(join(server.library, '3.txt'), 0o644);
  await page.locator('.drawer [data-action="retry-item"]').click();
  const retry = await shownJob(page);
  await ends(watched, server, retry, 'completed');
  await page.keyboard.press('Escape');
  await expect(page.locator('dialog.modal')).toHaveCount(0);
  await expect(page.locator('.head-retried')).toHaveText(/^Retried in .*: 1 of 1 file done$/);
  await expect(page.locator('.items-result .items-retried')).toHaveText('retried: done');
  await expect(page.locator('.drawer .items-retried')).toHaveText('retried: done');
  await expect(page.locator('.head-retried').getByRole('link')).toHaveAttribute('href', `/jobs/${retry}`);
  await page.locator('.drawer-close').click();
  // What was done since is offered no more, and the retry leads back.
  await expect(page.locator('[data-action="retry"], [data-action="retry-cause"], [data-action="retry-item"]')).toHaveCount(0);
  await page.locator('.head-retried').getByRole('link').click();
  await expect(page).toHaveURL(new RegExp(retry));
  await expect(page.locator('.head-parent')).toHaveText(/^Retries 1 file of \S/);
  await expect(page.locator('.head-parent').getByRole('link')).toHaveAttribute('href', `/jobs/${job}`);
});

test('while a retry is under way, the page leads to it and no button starts another one', async ({ page, serve }) => {
  const server = await serve(oneUnreadable, { weak: true });
  const job = mint();
  await server.put(job);
  await over(server, job);
  // Its plan waits, so that it is not over.
  const retry = mint();
  const again = (id: string) => server.put(id, { items: { job, which: 'errors' } }, { approval: true });
  expect((await again(retry)).status).toBe(201);
  const refused = await again(mint());
  expect(refused.status).toBe(409);
  expect(refused.body.message).toContain(retry);
  await page.goto(`${server.url}/jobs/${job}?file=3`);
  await ready(page);
  for (const place of ['.attention-ways', '.drawer', '.items tr[data-item="3"]']) {
    await expect(page.locator(place)).toContainText('Being retried in ');
    await expect(page.locator(place).getByRole('link', { name: /, retried$/ })).toHaveAttribute('href', `/jobs/${retry}`);
  }
  const buttons = page.locator('[data-action="retry"], [data-action="retry-cause"], [data-action="retry-item"]');
  await expect(buttons).toHaveCount(0);
  expect(await server.post(retry, 'cancel')).toBe(200);
  await expect(page.locator('[data-action="retry-cause"]')).toBeVisible();
  await expect(page.locator('.drawer [data-action="retry-item"]')).toBeVisible();
});

test('an outcome says that the file was changed since', async ({ page, serve }) => {
  const server = await serve((server) => ['a', 'b'].forEach((path) => server.file(path)));
  const job = mint();
  await server.put(job);
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).status).toBe('completed');
  server.file('b', 'another text');
  await open(page, server.url);
  await expect(page.locator('.entry-outcome .status-badge')).toHaveText(['done', 'done, changed since']);
});

test('the dialog of a completed job stays until it is closed, and a toast of one that nobody saw has its manifest', async ({ page, serve, watched }) => {
  const server = await serve(tenFiles);
  await open(page, server.url);
  const job = await processAll(page);
  await page.mouse.move(5, 5);
  await ends(watched, server, job, 'completed');
  await expect(dialog(page, job).getByRole('link', { name: 'Download SHA256SUMS' })).toBeVisible();
  // Nobody uses it, and it stays all the same.
  await page.waitForTimeout(4_000);
  await expect(dialog(page, job)).toBeVisible();
  await dialog(page, job).getByRole('button', { name: 'Close' }).click();
  await expect(page.locator('dialog.modal')).toHaveCount(0);
  await expect(page.locator('.toast')).toHaveCount(0);
  // A job that no dialog shows becomes a toast.
  writeFileSync(server.holdsFinishing, '');
  const unseen = await processAll(page);
  await page.keyboard.press('Escape');
  await expect(page.locator('dialog.modal')).toHaveCount(0);
  rmSync(server.holdsFinishing);
  const toast = page.locator(`.toast[data-job="${unseen}"]`);
  await expect(toast.getByRole('link', { name: 'Download SHA256SUMS' })).toBeVisible();
  // It covers no part of the bar that starts the next job.
  for (const [width, height] of [[320, 700], [390, 800], [800, 700], [1280, 720]]) {
    await page.setViewportSize({ width, height });
    const [low, bar] = [await toast.boundingBox(), await page.locator('.start-bar').boundingBox()];
    expect(low!.y + low!.height, `at ${width} px`).toBeLessThanOrEqual(bar!.y);
  }
  await toast.getByRole('link').first().click();
  await ready(page);
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('.job-panel').getByRole('link', { name: 'Download SHA256SUMS' }).click()]);
  expect(download.suggestedFilename()).toBe('SHA256SUMS');
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(10);
});
