// The list of jobs: live jobs are cards, ended jobs are rows, and the address keeps the search and the filter.
import { accessible } from './helper/axe';
import { begin, config, details, over, status as badge, three } from './helper/job';
import { open, ready } from './helper/page';
import { expect, test } from './helper/fixtures';
import { mint, type Server } from './helper/server';
import { fits } from './helper/widths';

test('jobs are found by title and by how they ended, and one that runs is paused from its card', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      three(server);
      server.file('a', '7');
      server.file('b', '0');
      server.file('c', '0');
    },
    { config },
  );
  const good = await begin(server, mint(), 'checksum', { title: 'Sums of spring' });
  const bad = await begin(server, mint(), 'slow', { title: 'Slow of spring' });
  await over(server, good);
  await over(server, bad);
  server.file('../hold');
  const runs = await begin(server, mint(), 'slow', { title: 'Slow of autumn' });
  await open(page, `${server.url}/jobs`);
  const rows = page.locator('.jobs-history tbody tr');
  const card = page.locator(`.job-card[data-job="${runs}"]`);
  await expect(card.locator('.head-standing')).toHaveText(/^Running since/);
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText('1 of 3 failed');
  await expect(rows.first().locator('.jobs-ended')).toHaveText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  await expect(rows.nth(1)).toContainText('3 / 3 files');
  await fits(page, 'the list of jobs with a card');
  // How much room Headway itself takes up, and when that is removed.
  await expect(page.locator('.jobs-room')).toContainText(/The event log takes [\d.]+ kB.*History older than 365 days or beyond 20 GB is removed/);
  await expect(page.locator('.jobs-room')).toContainText('Trash: empty; what comes there is kept 30 days.');

  // The order is part of the address, and the largest number comes first.
  await page.getByRole('link', { name: 'Status' }).click();
  await expect(page).toHaveURL(`${server.url}/jobs?sort=failed`);
  await expect(page.locator('.jobs-history th[aria-sort="descending"]')).toHaveText('Status');
  await expect(rows.first()).toHaveAttribute('data-job', bad);
  await page.getByRole('link', { name: 'Ended' }).click();
  await expect(page).toHaveURL(`${server.url}/jobs`);
  // On a phone, too.
  await page.setViewportSize({ width: 390, height: 800 });
  await page.getByRole('link', { name: 'Status' }).click();
  await expect(page).toHaveURL(`${server.url}/jobs?sort=failed`);
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole('link', { name: 'Ended' }).click();

  await page.getByRole('searchbox', { name: 'Search jobs' }).fill('SPRING');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(`${server.url}/jobs?search=SPRING`);
  await expect(card).toHaveCount(0);
  await expect(rows).toHaveCount(2);
  await page.getByRole('link', { name: 'With failures' }).click();
  await expect(page).toHaveURL(`${server.url}/jobs?search=SPRING&show=failures`);
  await expect(rows).toHaveCount(1);
  await expect(rows).toHaveAttribute('data-job', bad);
  await page.reload();
  await ready(page);
  await expect(rows).toHaveCount(1);
  await page.getByRole('link', { name: 'Cancelled' }).click();
  await expect(page.getByRole('heading', { name: 'No job matches' })).toBeVisible();
  await expect(page.getByRole('searchbox', { name: 'Search jobs' })).toHaveValue('SPRING');
  await page.getByRole('link', { name: 'Show all jobs' }).click();
  // The field shows what is searched for, because the buttons act on what is found.
  await expect(page.getByRole('searchbox', { name: 'Search jobs' })).toHaveValue('');
  await card.getByRole('button', { name: 'Pause' }).click();
  await expect(card.locator('.head-standing')).toHaveText('Paused by you.');
  expect((await server.get(`/api/jobs/${runs}`)).status).toBe('paused');
});

test('a plan that was never run is planned only, on every page, as in the terminal', async ({ page, serve }) => {
  const server = await serve(three, { config });
  const plan = await begin(server, mint(), 'upper', { title: 'Plan', approval: true });
  await expect.poll(async () => (await server.get(`/api/jobs/${plan}`)).status).toBe('planned');
  await open(page, `${server.url}/jobs`);
  const card = page.locator(`.job-card[data-job="${plan}"]`);
  await expect(card.locator('.head-done')).toHaveText('3 files planned');
  await expect(card.locator('.outcome-bar')).toHaveCount(0);
  await open(page, server.url);
  await server.post(plan, 'cancel');
  await open(page, `${server.url}/jobs?show=cancelled`);
  await expect(page.locator('.jobs-history tbody .status-badge')).toHaveText('planned only');
  await details(page, server, plan);
  await expect(badge(page)).toHaveText('planned only');
  await expect(page).toHaveTitle(/^Planned only · Plan/);
  await expect(page.locator('.job-panel .head-standing')).toContainText('it was planned only');
  // A job that ran is cancelled.
  server.file('../hold');
  const ran = await begin(server, mint(), 'slow', { title: 'Ran' });
  await expect.poll(async () => (await server.get(`/api/jobs/${ran}`)).counters.running).toBeGreaterThan(0);
  await server.post(ran, 'cancel');
  await details(page, server, ran);
  await expect(badge(page)).toHaveText('cancelled');
});

test('the list of jobs says which of them were undone, as soon as they are', async ({ page, serve }) => {
  const server = await serve(three, { config });
  const done = await begin(server, mint(), 'upper', { title: 'Capitals', output: { place: 'replace' } });
  await over(server, done);
  await open(page, `${server.url}/jobs`);
  const row = page.locator(`.jobs-history tr[data-job="${done}"]`);
  await expect(row.locator('.jobs-state')).toHaveText(/^completed\s*$/);
  const undo = mint();
  expect(await server.post(done, `undo/${undo}`)).toBe(201);
  await over(server, undo);
  await expect(row.locator('.jobs-state')).toHaveText(/^completed\s+undone$/);
  await expect(page.locator(`.jobs-history tr[data-job="${undo}"] .jobs-undone`)).toBeEmpty();
  await open(page, `${server.url}/jobs?sort=files`);
  await expect(row.locator('.jobs-undone')).toHaveText('undone');
  // In the library, its files are put back.
  await open(page, server.url);
  await expect(page.locator('.ui-listing tbody:not(.ui-room)')).not.toContainText('succeeded');
});

test('an outcome says when its job ended, and what an undo did in a word for people', async ({ page, serve }) => {
  const server = await serve(three, { config });
  const done = await begin(server, mint(), 'upper', { output: { place: 'replace' } });
  await over(server, done);
  await open(page, server.url);
  const outcome = page.locator('td.entry-outcome').first();
  // In local time: the page says UTC only until it is hydrated.
  await expect(outcome.locator('.status-badge')).toHaveAttribute('title', /\d\d:\d\d$/);
  await expect(outcome.locator('.entry-reason')).toHaveText('upper');
  const undo = mint();
  expect(await server.post(done, `undo/${undo}`)).toBe(201);
  await over(server, undo);
  await open(page, server.url);
  await expect(outcome).toContainText(/put back|undone/);
  await expect(outcome).not.toContainText(/undo\b/);
});

test('an original that an undo could not put back is not reported as back', async ({ page, serve }) => {
  const server = await serve(three, { config });
  const done = await begin(server, mint(), 'upper', { output: { place: 'replace' } });
  await over(server, done);
  server.file('a', 'changed by hand');
  const undo = mint();
  expect(await server.post(done, `undo/${undo}`)).toBe(201);
  await over(server, undo);
  await details(page, server, done);
  await expect(page.locator('.head-undone')).toHaveText(/^Partly undone by .*: 2 of 3 files put back\.$/);
  await expect(page.locator('.job-trash')).toHaveText(/^3 files are in the trash, /);
  await open(page, `${server.url}/jobs`);
  await expect(page.locator(`tr[data-job="${done}"] .jobs-undone`)).toHaveText('partly undone');
  // Nor does the undo look complete.
  await expect(page.locator(`tr[data-job="${undo}"] .jobs-outcomes`)).toHaveText('1 of 3 missed');
});

const held = (server: Server) => {
  three(server);
  server.file('../hold');
};

test('all jobs that are shown and not over are paused and cancelled at once', async ({ page, serve }) => {
  const server = await serve(held, { config });
  const jobs = [await begin(server, mint(), 'slow', { title: 'One' }), await begin(server, mint(), 'slow', { title: 'Two' })];
  const other = await begin(server, mint(), 'tells', { title: 'Another' });
  const status = async (job: string) => (await server.get(`/api/jobs/${job}`)).status;
  await open(page, `${server.url}/jobs?search=slow`);
  await expect(page.locator('.job-card')).toHaveCount(2);
  await page.getByRole('button', { name: 'Pause all 2' }).click();
  for (const job of jobs) await expect.poll(() => status(job)).toBe('paused');
  expect(await status(other)).not.toBe('paused');
  // The page asks for confirmation.
  await page.getByRole('button', { name: 'Cancel all 2' }).click();
  expect(await status(jobs[0])).toBe('paused');
  // Of a job that is started meanwhile, nobody was asked.
  const late = await begin(server, mint(), 'slow', { title: 'Late' });
  await expect(page.locator('.job-card')).toHaveCount(3);
  await page.getByRole('button', { name: 'Really cancel all 2' }).click();
  for (const job of jobs) await expect.poll(() => status(job)).toBe('cancelled');
  for (const job of [other, late]) expect(await status(job)).not.toBe('cancelled');
});

test('the list follows what is typed, so that its buttons act on what the field says', async ({ page, serve }) => {
  const server = await serve(held, { config });
  for (const title of ['Spring 1', 'Spring 2', 'Autumn']) await begin(server, mint(), 'slow', { title });
  await open(page, `${server.url}/jobs`);
  await expect(page.getByRole('button', { name: 'Pause all 3' })).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type('spring');
  await expect(page.locator('.job-card')).toHaveCount(2);
  await expect(page).toHaveURL(`${server.url}/jobs?search=spring`);
  await page.getByRole('button', { name: 'Cancel all 2' }).click();
  await expect(page.getByRole('button', { name: 'Really cancel all 2' })).toBeVisible();
  // For another list, the page asks again.
  await page.goBack();
  await expect(page.getByRole('searchbox')).toHaveValue('');
  await expect(page.getByRole('button', { name: 'Cancel all 3', exact: true })).toBeVisible();
});

test('jobs and their files are searched without JavaScript too', async ({ browser, serve }) => {
  const server = await serve(three, { config });
  const job = await begin(server, mint(), 'checksum', { title: 'Sums of spring' });
  await over(server, job);
  await over(server, await begin(server, mint(), 'checksum', { title: 'Sums of autumn' }));
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${server.url}/jobs?show=good`);
  await expect(page.locator('.jobs-history tbody tr')).toHaveCount(2);
  await page.getByRole('searchbox').fill('spring');
  await page.getByRole('searchbox').press('Enter');
  await expect(page.locator('.jobs-history tbody tr')).toHaveAttribute('data-job', job);
  await expect(page.getByRole('searchbox')).toHaveValue('spring');
  // What else the address said is kept.
  expect(new URL(page.url()).searchParams.get('show')).toBe('good');
  await page.getByRole('link', { name: 'Sums of spring' }).click();
  await page.getByRole('searchbox').fill('b');
  await page.getByRole('searchbox').press('Enter');
  await expect(page.locator('.items tbody tr')).toHaveCount(1);
  await context.close();
});

test('a job without a worker is waiting and does not count as running, and a page counts only the other jobs', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      ['a', 'b', 'c'].forEach((name) => server.file(name, '0'));
      server.file('../hold-a');
    },
    { config, args: ['--workers', '1', '--jobs', '3'] },
  );
  const first = await begin(server, mint(), 'slow', { title: 'First', priority: 5 });
  await expect.poll(async () => (await server.get(`/api/jobs/${first}`)).counters.running).toBe(1);
  const second = await begin(server, mint(), 'slow', { title: 'Second' });
  await open(page, server.url);
  const pill = page.locator('.pill');
  await expect(pill).toHaveText('1 running, 1 waiting, 0 %');
  await page.goto(`${server.url}/jobs`);
  const card = page.locator(`.job-card[data-job="${second}"]`);
  await expect(card.locator('.status-badge')).toHaveText('waiting');
  await expect(card.locator('.head-standing')).toHaveText(/wait for a free worker/);
  await begin(server, mint(), 'slow', { title: 'Third', approval: true });
  await page.goto(`${server.url}/jobs/${first}`);
  await expect(pill).toHaveText('1 other waiting, 1 waiting for you, 0 %');
  server.remove('../hold-a');
  await expect.poll(async () => (await server.get(`/api/jobs/${second}`)).status).toBe('completed');
});

test('several jobs are one pill, which says how they stand together, leads to their list and keeps the focus', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      ['a', 'b', 'c'].forEach((name) => server.file(name, '0'));
      server.file('../hold-c');
    },
    { config },
  );
  const first = await begin(server, mint(), 'slow', { title: 'First' });
  await open(page, server.url);
  const pill = page.locator('.pill');
  await expect(pill).toHaveText(/ · 2 \/ 3 files \(66\s%\)$/);
  await expect(pill).toHaveAttribute('data-job', first);
  await pill.focus();
  await begin(server, mint(), 'slow', { title: 'Second', approval: true });
  await expect(pill).toHaveText('1 running, 1 waiting for you, 66 %');
  const third = await begin(server, mint(), 'slow', { title: 'Third', approval: true });
  await expect(pill).toHaveText('1 running, 2 waiting for you, 66 %');
  await expect(pill).toBeFocused();
  await accessible(page, 'one pill for several jobs');
  await fits(page, 'one pill for several jobs');
  await pill.press('Enter');
  await expect(page).toHaveURL(`${server.url}/jobs`);
  await expect(page.locator('.job-card')).toHaveCount(3);

  // When one job is left, the pill is that job's again. A click shows the job on the same page.
  await server.post(first, 'cancel');
  await expect(pill).toHaveText('2 waiting for you');
  await server.post(third, 'cancel');
  await expect(pill).toHaveAttribute('data-status', 'planned');
  await pill.click();
  await expect(page.getByRole('dialog').locator('.head-title')).toHaveText('Second');
  await expect(page).toHaveURL(`${server.url}/jobs`);
});

test('the icon of the tab says how far its jobs are', async ({ page, serve }) => {
  const server = await serve(held, { config });
  await begin(server, mint(), 'slow', { title: 'One' });
  await open(page, server.url);
  const icon = page.locator('link[rel="icon"]');
  await expect(icon).toHaveAttribute('href', /^data:image\/svg.*stroke-dasharray='0 100'/);
  server.remove('../hold');
  await expect(icon).toHaveAttribute('href', '/favicon.svg');
});

test('the list of keys opens on ?, but not while someone types it into a field', async ({ page, serve }) => {
  const server = await serve(three);
  await open(page, server.url);
  await page.keyboard.press('/');
  await page.keyboard.type('?');
  await expect(page.getByRole('searchbox')).toHaveValue('?');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.getByRole('button', { name: 'Keys' }).focus();
  await page.keyboard.press('?');
  const keys = page.getByRole('dialog', { name: 'Keys' });
  await expect(keys).toContainText('Search');
  await page.keyboard.press('Escape');
  await expect(keys).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Keys' })).toBeFocused();
});

test('the keyboard stays on the job that it is on when another one ends', async ({ page, serve }) => {
  const server = await serve((server) => server.file('a.txt', 'a'));
  const first = mint();
  await over(server, await begin(server, first, 'checksum', { title: 'Job 1' }));
  await open(page, `${server.url}/jobs`);
  const link = (title: string) => page.locator('.jobs-history').getByRole('link', { name: title, exact: true });
  await link('Job 1').focus();
  await over(server, await begin(server, mint(), 'checksum', { title: 'Job 2' }));
  await expect(link('Job 2')).toBeVisible();
  await expect(link('Job 1')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(first));
});

test('the number of failed files leads to those files, and each job says how large its files were', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      server.file('a', '7');
      server.file('b', '0');
      server.file('c', 'x'.repeat(1_500));
    },
    { config },
  );
  const bad = await begin(server, mint(), 'slow', { title: 'Bad', query: { paths: ['a', 'b'] } });
  await over(server, bad);
  const good = await begin(server, mint(), 'checksum', { title: 'Good', query: { paths: ['c'] } });
  await over(server, good);
  await open(page, `${server.url}/jobs`);
  const row = (job: string) => page.locator(`.jobs-history tr[data-job="${job}"]`);
  await expect(row(good).locator('.jobs-size')).toHaveText('1.5 kB');
  await expect(row(bad).locator('.jobs-size')).toHaveText('2 B');
  await expect(row(good).locator('.jobs-missing')).toHaveCount(0);
  await fits(page, 'the list of jobs with sizes');
  await row(bad).getByRole('link', { name: '1 of 2 failed' }).click();
  await expect(page).toHaveURL(`${server.url}/jobs/${bad}?status=failed#job-files`);
  await expect(page.locator('.items tbody tr[data-item]')).toHaveCount(1);
  // Back leads to the very link that was left.
  await page.goBack();
  await expect(row(bad).locator('.jobs-missing')).toBeFocused();
});

test('jobs that were undone are a filter', async ({ page, serve }) => {
  const server = await serve(three, { config });
  const jobs = [mint(), mint()];
  for (const job of jobs) await over(server, await begin(server, job, 'upper', { output: { place: 'replace' }, query: { paths: [job === jobs[0] ? 'a' : 'b'] } }));
  const undo = mint();
  expect(await server.post(jobs[0], `undo/${undo}`)).toBe(201);
  await over(server, undo);
  await open(page, `${server.url}/jobs`);
  await expect(page.locator('.jobs-history tbody tr')).toHaveCount(3);
  await page.getByRole('link', { name: 'Undone', exact: true }).click();
  await expect(page).toHaveURL(`${server.url}/jobs?show=undone`);
  await expect(page.locator('.jobs-history tbody tr')).toHaveCount(1);
  await expect(page.locator('.jobs-history tbody tr')).toHaveAttribute('data-job', jobs[0]);
});

test('what failed in all jobs that match is retried at once, and their trash emptied, each after a question', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      ['a', 'b', 'c'].forEach((name) => server.file(name, '7'));
      server.file('words', 'words');
    },
    { config },
  );
  const failed = [mint(), mint(), mint()];
  for (const [at, job] of failed.entries()) await over(server, await begin(server, job, 'slow', { title: at < 2 ? `Spring ${at}` : 'Autumn', query: { paths: ['abc'[at]] } }));
  await over(server, await begin(server, mint(), 'upper', { title: 'Spring words', output: { place: 'replace' }, query: { paths: ['words'] } }));
  await open(page, `${server.url}/jobs?search=spring`);
  await expect(page.locator('.jobs-history tbody tr')).toHaveCount(3);
  const said = (text: string) => page.locator('.jobs-bulk [role="status"]', { hasText: text });
  ['a', 'b', 'c'].forEach((name) => server.file(name, '0'));
  await page.locator('[data-over="retry"]').click();
  await expect(said('2 files of 2 jobs would be processed again.')).toBeVisible();
  expect((await server.get('/api/jobs')).jobs).toHaveLength(4);
  await accessible(page, 'a question about all jobs of a list');
  await fits(page, 'a question about all jobs of a list');
  await page.getByRole('button', { name: 'Retry 2 files of 2 jobs' }).click();
  await expect(said('2 jobs were started.')).toBeVisible();
  await expect(page.locator('[data-over="retry"]')).toBeFocused();
  await expect.poll(async () => (await server.get('/api/jobs?show=good')).jobs.length).toBe(3);
  // Nothing is left, because later jobs have tried these files; that of the other list was left alone.
  await page.locator('[data-over="retry"]').click();
  await expect(said('No job in this list has a file that failed')).toBeVisible();
  expect((await server.get(`/api/jobs/${failed[2]}`)).retries ?? []).toEqual([]);

  await page.locator('[data-over="empty_trash"]').click();
  await expect(said('1 file of 1 job, 5 B, would be deleted. Undo will no longer be possible.')).toBeVisible();
  await page.getByRole('button', { name: 'Leave them' }).click();
  await expect(page.locator('[data-over="empty_trash"]')).toHaveText('Empty their trash…');
  await page.locator('[data-over="empty_trash"]').click();
  await page.getByRole('button', { name: 'Delete 1 file of 1 job for good' }).click();
  await expect(said('The trash of 1 job is empty.')).toBeVisible();
  await expect(page.locator('.jobs-room')).toContainText('Trash: empty');
});

test('what runs is above what waits for a person, and one button of the page is the main one', async ({ page, serve }) => {
  const server = await serve(held, { config, args: ['--jobs', '1'] });
  const begun = async (title: string, more = {}) => begin(server, mint(), 'slow', { title, ...more });
  const statusOf = async (job: string) => (await server.get(`/api/jobs/${job}`)).status;
  for (const title of ['Plan 1', 'Plan 2']) {
    const plan = await begun(title, { approval: true });
    await expect.poll(() => statusOf(plan)).toBe('planned');
  }
  const runs = await begun('Runs');
  await expect.poll(() => statusOf(runs)).toBe('processing');
  const queued = await begun('Queued');
  await expect.poll(() => statusOf(queued)).toBe('queued');
  await open(page, `${server.url}/jobs`);
  await expect(page.locator('.job-card .head-title')).toHaveText(['Runs', 'Plan 1', 'Plan 2', 'Queued']);
  await expect(page.locator('.ui-primary:visible')).toHaveCount(1);
  await expect(page.locator('.job-card', { hasText: 'Plan 1' }).locator('.ui-primary')).toHaveText(/^Run 3 files/);
  // A card does not leave the pointer that has pressed its button.
  const card = page.locator('.job-card', { has: page.getByRole('link', { name: 'Runs', exact: true }) });
  await card.getByRole('button', { name: 'Pause' }).click();
  await expect(card.locator('.head-standing')).toHaveText('Paused by you.');
  await expect(page.locator('.job-card .head-title').first()).toHaveText('Runs');
  await expect(page.locator('.ui-primary:visible')).toHaveCount(1);
  await page.keyboard.press('j');
  await expect(page.locator('.job-card .head-title').first()).toBeFocused();
  await page.keyboard.press('j');
  await expect(page.locator('.job-card .head-title').nth(1)).toBeFocused();
  await page.keyboard.press('k');
  await expect(page.locator('.job-card .head-title').first()).toBeFocused();
});

test('how many jobs a button is for is said to who cannot see it', async ({ page, serve }) => {
  const server = await serve(held, { config });
  for (const title of ['One', 'Two']) await begin(server, mint(), 'slow', { title });
  await open(page, `${server.url}/jobs`);
  await page.getByRole('button', { name: 'Pause all 2' }).click();
  await expect(page.getByRole('status').filter({ hasText: '2 jobs were paused.' })).toBeAttached();
  await page.getByRole('button', { name: 'Cancel all 2' }).click();
  await expect(page.getByRole('status').filter({ hasText: '2 jobs are cancelled if you press again.' })).toBeAttached();
  await page.getByRole('button', { name: 'Really cancel all 2' }).click();
  await expect(page.getByRole('status').filter({ hasText: '2 jobs were cancelled.' })).toBeAttached();
});
