// Commands, and each button that acts on a job.
import { readdirSync } from 'node:fs';
import { begin, button, choose, config, details, openFile, standing, status, three } from './helper/job';
import { ends, open, processAll, shownJob } from './helper/page';
import { BROKEN, expect, test } from './helper/fixtures';
import { mint } from './helper/server';
import { fits } from './helper/widths';

test('a command replaces files, its output can be undone, and its trash be emptied', async ({ page, serve, watched }) => {
  const server = await serve(three, { config });
  await open(page, server.url);
  await choose(page, 'upper');
  await expect(page.locator('select[name="output"]')).toHaveValue('replace');
  const job = await processAll(page);
  await ends(watched, server, job, 'completed');
  expect(server.read('a')).toBe('TEXT A');
  await details(page, server, job);
  await expect(page.locator('.job-trash')).toContainText('3 files are in the trash');
  await button(page, 'undo').click();
  await expect.poll(() => server.read('c')).toBe('text c');
  const jobs = await server.get('/api/jobs');
  expect(jobs.jobs[0].recipe).toBe('undo');
  await expect.poll(async () => (await server.get('/api/jobs')).jobs[0]?.status).toBe('completed');
  // Its rows name the files, and only the details where the originals lay.
  await details(page, server, jobs.jobs[0].job);
  await expect(page.locator('.items .items-words').first()).toHaveText(/put back$/);
  await expect(page.locator('.items tbody:not(.ui-room)')).not.toContainText('.headway-trash');
  await openFile(page, 0);
  await expect(page.locator('.drawer-found')).toContainText('put back .headway-trash');
  await details(page, server, job);
  await page.locator('[data-action="empty"]').click();
  await page.locator('[data-action="empty_trash"]').click();
  await expect(page.locator('.job-trash')).toHaveCount(0);
  expect(server.read('a')).toBe('text a');
});

test('outputs go beside the files or into another folder', async ({ page, serve, watched }) => {
  const server = await serve(three, { config });
  await open(page, server.url);
  await choose(page, 'upper');
  await page.locator('select[name="output"]').selectOption('beside');
  await page.locator('[name="output-name"]').fill('{/.}.big');
  await ends(watched, server, await processAll(page), 'completed');
  expect(server.read('b.big')).toBe('TEXT B');
  expect(server.read('b')).toBe('text b');
  await open(page, server.url);
  await choose(page, 'upper');
  await page.locator('select[name="output"]').selectOption('folder');
  await page.locator('[name="output-folder"]').fill('made/here');
  await ends(watched, server, await processAll(page), 'completed');
  expect(readdirSync(`${server.library}/made/here`).sort()).toEqual(['a', 'a.big', 'b', 'b.big', 'c', 'c.big']);
});

test('a job is paused, resumed, retried, and shows the output of its commands', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      server.file('../hold');
      server.file('a', '0');
      server.file('b', '9');
      server.file('c', '0');
    },
    { config, args: ['--workers', '1'] },
  );
  await open(page, server.url);
  await choose(page, 'slow');
  const job = await processAll(page);
  await details(page, server, job);
  await expect(page.locator('.head-running li')).toHaveCount(1);
  await button(page, 'pause').click();
  await expect(status(page)).toHaveText('paused');
  server.remove('../hold');
  await expect(page.locator('.head-count[data-status="succeeded"] .head-number')).toHaveText('1');
  await button(page, 'resume').click();
  await expect(status(page)).toHaveText('completed with errors');
  await openFile(page, 1);
  await expect(page.locator('.attempts-one')).toContainText('exit 9');
  await expect(page.locator('.attempts-one pre').first()).toHaveText('wrong\n');

  // The file's drawer covers the head of the job.
  await page.keyboard.press('Escape');
  await expect(page.locator('.drawer')).toHaveCount(0);
  server.file('b', '0');
  await button(page, 'retry').click();
  await expect.poll(async () => (await server.get('/api/jobs')).jobs.length).toBe(2);
  await expect.poll(async () => (await server.get('/api/jobs')).jobs[0]?.counters?.total).toBe(1);
  await expect.poll(async () => (await server.get('/api/jobs')).jobs[0]?.status).toBe('completed');
});

test('a failed item is retried while the job goes on, and the rest of a cancelled job is run', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      server.file('a', '9');
      server.file('b', '0');
      server.file('c', '0');
    },
    { config, args: ['--workers', '1'] },
  );
  await open(page, server.url);
  await choose(page, 'slow');
  await page.getByRole('button', { name: 'Show the plan' }).click();
  const job = await shownJob(page);
  await details(page, server, job);
  await expect(standing(page)).toHaveText('Ready. Nothing runs until you press Run.');
  await button(page, 'approve').click();
  await expect(status(page)).toHaveText('completed with errors');

  // Held in the middle: the first file has failed, the second waits.
  server.file('a', '7');
  server.file('../hold-b');
  await open(page, server.url);
  await choose(page, 'slow');
  const second = await processAll(page);
  await details(page, server, second);
  await expect(page.locator('.head-count[data-status="failed"] .head-number')).toHaveText('1');
  server.file('a', '0');
  await button(page, 'retry').click();
  await expect(page.locator('.head-count[data-status="failed"] .head-number')).toHaveText('0');
  server.file('../hold');
  await button(page, 'cancel').click();
  await expect(status(page)).toHaveText('cancelled');
  server.remove('../hold');
  server.remove('../hold-b');
  await button(page, 'rest').click();
  await expect.poll(async () => (await server.get('/api/jobs')).jobs[0]?.status).toMatch(/completed/);
});

test('what was done is skipped until something changes, and one failed file has a button of its own', async ({ page, serve, watched }) => {
  const server = await serve(three, { config });
  const again = async (how: string) => {
    await open(page, server.url);
    await choose(page, 'upper');
    await page.getByText(/^If a file was done before/).click();
    // The form can move under the pointer while the files of the folder are still being counted.
    const choice = page.locator(`input[name="on_done"][value="${how}"]`);
    await expect(() => choice.check({ timeout: 2000 })).toPass();
    const job = await processAll(page);
    await ends(watched, server, job, 'completed');
    return (await server.get(`/api/jobs/${job}`)).counters;
  };
  expect((await again('')).succeeded).toBe(3);
  expect((await again('skip')).skipped).toBe(3);
  server.file('b', 'text again');
  expect(await again('')).toMatchObject({ succeeded: 1, skipped: 2 });
  await details(page, server, (await server.get('/api/jobs')).jobs[0].job);
  await expect(page.locator('.job-reruns')).toHaveText('Done before, and done again: 1 changed since.');
  await expect(page.locator('.items .items-rerun')).toHaveText('changed since it was done');
  await expect(page.locator('.items')).toContainText('already done');
  expect((await again('again')).succeeded).toBe(3);

  // One of two that failed.
  server.file('a', '9');
  server.file('b', '9');
  server.file('c', '0');
  await open(page, server.url);
  await choose(page, 'slow');
  const job = await processAll(page);
  await details(page, server, job);
  await expect(status(page)).toHaveText('completed with errors');
  await page.reload();
  server.file('a', '0');
  await page.locator('.items [data-action="retry-item"]').first().click();
  await expect.poll(async () => (await server.get('/api/jobs')).jobs[0]?.counters?.total).toBe(1);
  await expect.poll(async () => (await server.get('/api/jobs')).jobs[0]?.status).toBe('completed');

  await details(page, server, job);
  const download = page.waitForEvent('download');
  await page.locator('a.job-log').click();
  expect((await download).suggestedFilename()).toBe(`headway-${job}.jsonl`);
});

test('the pace of a job is changed, and an unreadable value is reported before the start', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      three(server);
      server.file('../hold');
    },
    { config, args: ['--workers', '3'] },
  );
  await open(page, server.url);
  await choose(page, 'slow');
  await page.getByText(/^If a file fails/).click();
  await page.getByLabel('Stop the job after a number of failures').check();
  await page.getByLabel('Failures', { exact: true }).fill('0');
  await page.getByText(/^If a file fails/).click();
  await page.locator('[data-start="run"]').click();
  // A field itself shows what is wrong with its text, even in a closed section.
  await expect(page.locator('#wrong-halt_at')).toHaveText('Enter a whole number from 1 to 1000000.');
  await expect(page.getByLabel('Failures', { exact: true })).toBeFocused();
  await page.getByLabel('Failures', { exact: true }).fill('3');
  await page.getByLabel('Attempts per file').fill('2');
  const job = await processAll(page);
  await details(page, server, job);
  await page.getByLabel('Files at a time').fill('1');
  await page.getByLabel('Priority').fill('5');
  await button(page, 'change').or(page.locator('[data-action="change"]')).click();
  await expect.poll(async () => (await server.get(`/api/v1/jobs/${job}`)).priority).toBe(5);
  expect((await server.get(`/api/v1/jobs/${job}`)).concurrency).toBe(1);
  // What another page changes leaves alone what is typed in the other field.
  await page.getByLabel('Files at a time').fill('2');
  await server.post(job, 'change?priority=9');
  await expect(page.getByLabel('Priority')).toHaveValue('9');
  await expect(page.getByLabel('Files at a time')).toHaveValue('2');
  await page.getByText('Settings', { exact: true }).click();
  await expect(page.locator('.job-settings')).toContainText('stop the job after 3 failures');
  await button(page, 'cancel').click();
  await expect(status(page)).toHaveText('cancelled');
});

test('a person decides about commands that a dead server interrupted', async ({ page, serve, allow }) => {
  allow(BROKEN);
  const asking = config.replace('repeatable = true', '');
  const server = await serve(
    (server) => {
      three(server);
      server.file('../hold');
    },
    { config: asking, args: ['--workers', '2'] },
  );
  await open(page, server.url);
  await choose(page, 'slow');
  const job = await processAll(page);
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).counters?.running).toBe(2);
  await server.stop('SIGKILL');
  await server.start();
  await details(page, server, job);
  await expect(status(page)).toHaveText('paused');
  await button(page, 'resume').click();
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).counters?.running).toBe(2);
  await server.stop('SIGKILL');
  await server.start();
  await open(page, `${server.url}/jobs`);
  await expect(page.locator('.job-card').getByRole('button', { name: 'Run the 2 interrupted files again' })).toBeVisible();
  await fits(page, 'a job in the list that waits for a decision');
  await details(page, server, job);
  await expect(status(page)).toHaveText('paused');
  server.remove('../hold');
  await button(page, 'leave_out').click();
  await expect(status(page)).toHaveText('failed');
});

test('what a job waits for is shown without a reload, even if its status changes on the page', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      server.file('../hold');
      server.file('a', '0');
    },
    { config, args: ['--jobs', '1'] },
  );
  const first = mint();
  await begin(server, first, 'slow');
  await expect.poll(async () => (await server.get(`/api/jobs/${first}`)).status).toBe('processing');
  const second = mint();
  await begin(server, second, 'checksum', { approval: true });
  await page.goto(`${server.url}/jobs/${second}`);
  await expect(standing(page)).toHaveText('Ready. Nothing runs until you press Run.');
  await button(page, 'approve').click();
  await expect(status(page)).toHaveText('queued');
  await expect(standing(page)).toHaveText('1st in the queue.');
  server.remove('../hold');
  await expect(status(page)).toHaveText('completed');
  await expect(standing(page)).toHaveText(/^Finished \d\d:\d\d, .* of work\.$/);
});
