// The head of a job: one shape in the dialog and on the page, in every state, with the next step in it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from '@playwright/test';
import { begin, button, choose, config, count, details, followed, over, standing, status, three } from './helper/job';
import { dialog, open, pill, processAll, shownJob } from './helper/page';
import { expect, test } from './helper/fixtures';
import { mint, type Server } from './helper/server';

/** Of four files one fails, and one waits until `../hold-d` is gone. */
const four = (server: Server) => {
  ['a', 'c', 'd'].forEach((name) => server.file(name, '0'));
  server.file('b', '7');
  server.file('../hold-d');
};

const next = '.ui-primary';

test('the dialog is the head of the page: the same words, parts and numbers, each of which leads to its files', async ({ page, serve }) => {
  const server = await serve(four, { config, args: ['--workers', '1'] });
  await open(page, server.url);
  await choose(page, 'slow');
  const job = await processAll(page);
  const shown = dialog(page, job);
  await expect(shown.locator('.head-count[data-status="succeeded"] .head-number')).toHaveText('2');
  await expect(shown.locator('.head-standing')).toHaveText(/^Running since \d\d:\d\d\.$/);
  await expect(shown.getByRole('progressbar')).toHaveAttribute('aria-valuetext', '3 / 4 files');
  const head = (root: string) =>
    page.evaluate((root) => {
      const at = (selectors: string) => [...document.querySelectorAll<HTMLElement>(`${root} ${selectors}`)];
      const parts = at('.progress-bar rect').map((part) => [part.dataset.status, Number(part.getAttribute('width'))]);
      return { parts, texts: ['.head-title', '.head-recipe', '.head-standing', '.head-done', '.head-percent', '.head-counts'].map((part) => at(part).map((one) => one.innerText)) };
    }, root);
  const before = await head('dialog');
  expect(before.parts.reduce((sum, [, width]) => sum + (width as number), 0)).toBe(1_000);
  expect(Object.fromEntries(before.parts)).toMatchObject({ succeeded: 500, failed: 250, running: 250, waiting: 0 });
  await shown.getByRole('link', { name: '1 failed' }).click();
  await expect(page).toHaveURL(`${server.url}/jobs/${job}?status=failed#job-files`);
  await followed(page);
  await expect(page.locator('.items tbody tr')).toHaveCount(1);
  await expect(page.locator('.items tbody:not(.ui-room)')).toContainText('b');
  expect(await head('.job-panel')).toEqual(before);
  await page.locator('.head-counts').getByRole('link', { name: '= 4 files' }).click();
  await expect(page.locator('.items tbody tr')).toHaveCount(4);
  server.remove('../hold-d');
  await expect(standing(page)).toHaveText(/^Finished \d\d:\d\d with 1 failure, .* of work\.$/);
  await expect(page.locator(next)).toHaveText('Retry 1 failed');
  // No numbers of what cannot be any more.
  await expect(page.locator('.job-panel .head-count:visible')).toHaveText(['3 done', '1 failed', '= 4 files']);
});

test('a plan that waits is run from the dialog, and a pause is answered there', async ({ page, serve }) => {
  const server = await serve(four, { config, args: ['--workers', '1'] });
  await open(page, server.url);
  await choose(page, 'slow');
  await page.getByRole('button', { name: 'Show the plan' }).click();
  const job = await shownJob(page);
  const shown = dialog(page, job);
  await expect(shown.locator('.head-standing')).toHaveText('Ready. Nothing runs until you press Run.');
  await expect(shown.locator(next)).toHaveText('Run 4 files');
  // The numbers of a plan are said once.
  await expect(shown.locator('.head-counts')).toBeHidden();
  await expect(shown.locator('.plan').getByRole('link', { name: '4 run' })).toBeVisible();
  await shown.locator(next).click();
  await expect(shown.locator('.head-counts')).toBeVisible();
  await expect(shown.locator('.head-standing')).toHaveText(/^Running since/);
  await expect(shown.locator(next)).toHaveCount(0);
  await shown.getByRole('button', { name: 'Pause' }).click();
  await expect(shown.locator('.head-standing')).toHaveText('Paused by you.');
  await shown.getByRole('button', { name: 'Resume' }).click();
  await expect(shown.locator('.head-standing')).toHaveText(/^Running since/);
  // A screen reader announces the same, and the end as well.
  await shown.getByRole('button', { name: 'Cancel job' }).click();
  await expect(shown.locator('.head-standing')).toHaveText(/^Cancelled \d\d:\d\d after /);
  await expect(shown.locator('.head-told')).toHaveText(await shown.locator('.head-standing').innerText());
});

test('numbers in sentences, on cards and in the list of jobs lead to exactly their files', async ({ page, serve }) => {
  const server = await serve(four, { config, args: ['--workers', '1'] });
  const job = await begin(server, mint(), 'slow');
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).counters?.failed).toBe(1);
  const rows = page.locator('.items tbody tr');
  const leads = async (link: Locator, query: string, files: number) => {
    await link.click();
    await expect(page).toHaveURL(`${server.url}/jobs/${job}${query}#job-files`);
    await followed(page);
    await expect(rows).toHaveCount(files);
  };
  await open(page, `${server.url}/jobs`);
  const card = page.locator(`.job-card[data-job="${job}"]`);
  await leads(card.getByRole('link', { name: '1 failed' }), '?status=failed', 1);
  await open(page, `${server.url}/jobs`);
  await leads(card.getByRole('link', { name: '3 / 4 files' }), '', 4);
  await leads(page.locator('.attention h2').getByRole('link', { name: '1 file failed' }), '?status=failed', 1);
  server.remove('../hold-d');
  await over(server, job);
  await page.goto(`${server.url}/jobs/${job}`);
  await followed(page);
  await leads(standing(page).getByRole('link'), '?status=failed', 1);
  await open(page, `${server.url}/jobs`);
  await leads(page.locator(`tr[data-job="${job}"] .jobs-outcomes`).getByRole('link', { name: '1 of 4 failed' }), '?status=failed', 1);
});

test('each number of a verification leads to exactly its files', async ({ page, serve }) => {
  const server = await serve((server) => ['a', 'b', 'c', 'd'].forEach((name) => server.file(name)));
  const sums = await begin(server, mint(), 'checksum');
  await over(server, sums);
  server.file('b', 'another content');
  server.remove('c');
  server.file('e');
  const job = await begin(server, mint(), 'verify', { settings: { manifest: `@${sums}` } });
  await over(server, job);
  for (const [name, query, file] of [
    ['ok 2', /\?status=succeeded#/, 'a'],
    ['changed 1', /\?status=failed&cause=\w+#/, 'b'],
    ['missing 1', /\?status=missed&cause=left1#/, 'c'],
    ['new 1', /\?status=left_out&cause=left16#/, 'e'],
  ] as const) {
    await details(page, server, job);
    await page.locator('.head-news').getByRole('link', { name, exact: true }).click();
    await expect(page).toHaveURL(query);
    await expect(page.locator('.items tbody tr')).toHaveCount(name === 'ok 2' ? 2 : 1);
    await expect(page.locator('.items tbody tr').first().locator('.items-file')).toHaveText(file);
  }
});

test('a live job shows two reasons, and has a button for the others', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      ['6', '7', '8', '9'].forEach((code, index) => server.file(`f${index}`, code));
      server.file('g', '0');
      server.file('../hold-g');
    },
    { config, args: ['--workers', '1'] },
  );
  const job = await begin(server, mint(), 'slow');
  await details(page, server, job);
  const causes = page.locator('.job-panel .attention-cause');
  await expect(page.locator('.attention h2').first()).toHaveText('4 files failed for 4 reasons');
  await expect(causes).toHaveCount(2);
  for (const cause of await causes.all()) await expect(cause.locator('.attention-why')).toBeInViewport({ ratio: 1 });
  const others = page.locator('.attention-others');
  await expect(others).toHaveText('2 more reasons');
  await others.click();
  await expect(causes).toHaveCount(4);
  await expect(others).toHaveText('Show fewer');
  await others.press('Enter');
  await expect(causes).toHaveCount(2);
  server.remove('../hold-g');
  await over(server, job);
  await page.reload();
  await followed(page);
  await expect(causes).toHaveCount(4);
});

test('where everything is left out nothing is done: the pill, the page and the bar say the same', async ({ page, serve }) => {
  const server = await serve(three, { config });
  await over(server, await begin(server, mint(), 'checksum'));
  const job = await begin(server, mint(), 'checksum', { approval: true, policy: { on_done: 'skip' } });
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).status).toBe('planned');
  await open(page, server.url);
  await expect(pill(page, job)).toHaveText('Checksum · files · Nothing to do');
  await details(page, server, job);
  await expect(page.locator('.job-panel .head-percent')).toHaveText('');
  await expect(count(page, 'left_out')).toHaveText('3');
  await expect(page.getByRole('progressbar')).toHaveAttribute('aria-valuenow', '0');
  await button(page, 'approve').click();
  await expect(standing(page)).toHaveText(/^Finished \d\d:\d\d: nothing had to be done\.$/);
});

test('the bar, the number beside it and the percentage are about the same files', async ({ page, serve }) => {
  const server = await serve(three, { config });
  await over(server, await begin(server, mint(), 'checksum', { query: { paths: ['a'] } }));
  const job = await begin(server, mint(), 'checksum', { policy: { on_done: 'skip' } });
  await over(server, job);
  await details(page, server, job);
  await expect(page.locator('.job-panel .head-done')).toHaveText('2 / 2 files');
  await expect(page.locator('.job-panel .head-percent')).toHaveText('100 %');
  await expect(page.locator('.job-panel .outcome-bar-part[data-status="succeeded"]')).toHaveAttribute('width', '1000');
  await expect(count(page, 'left_out')).toHaveText('1');
  await page.locator('.job-panel').getByRole('link', { name: '1 left out' }).click();
  await expect(page.locator('.items tbody tr')).toHaveCount(1);
});

test('undo reports what it took back, and is not offered where nothing was written', async ({ page, serve }) => {
  const server = await serve((server) => ['a', 'b'].forEach((name) => server.file(name, '0')), { config });
  const beside = await begin(server, mint(), 'upper', { output: { place: { beside: { name: '{/.}.big' } } } });
  await over(server, beside);
  await details(page, server, beside);
  await button(page, 'undo').click();
  await expect(page.locator('.head-undone')).toContainText('2 of 2 new files removed.');
  const typed = await begin(server, mint(), 'command', { settings: { run: 'true {}' } });
  await over(server, typed);
  await details(page, server, typed);
  await expect(status(page)).toHaveText('completed');
  await expect(page.locator('.proof-received')).toContainText('Complete: all');
  await expect(button(page, 'undo')).toHaveCount(0);
});

test('the pace in force stands in its fields, and a change is confirmed', async ({ page, serve }) => {
  const server = await serve(four, { config, args: ['--workers', '1'] });
  const job = await begin(server, mint(), 'slow');
  await details(page, server, job);
  const at_a_time = page.getByLabel('Files at a time');
  await expect(at_a_time).toHaveValue('');
  await at_a_time.fill('3');
  await page.getByLabel('Priority').fill('7');
  await page.locator('[data-action="change"]').click();
  await expect(page.locator('.job-change-saved')).toHaveText('Saved.');
  await page.reload();
  await followed(page);
  await expect(at_a_time).toHaveValue('3');
  await expect(page.getByLabel('Priority')).toHaveValue('7');
  // An empty field stands for its default.
  await page.getByLabel('Priority').fill('');
  await page.locator('[data-action="change"]').click();
  await expect(page.locator('.job-change-saved')).toHaveText('Saved.');
  await page.reload();
  await followed(page);
  await expect(page.getByLabel('Priority')).toHaveValue('0');
});

test('the next step after failures that lie in the files is to look at them, and after others to retry', async ({ page, serve }) => {
  const server = await serve((server) => { ['a.png', 'b.png'].forEach((name) => server.file(name)); server.file('c', '7'); }, { config });
  const damaged = await begin(server, mint(), 'metadata', { query: { paths: ['a.png', 'b.png'] } });
  await over(server, damaged);
  await details(page, server, damaged);
  await expect(page.locator('.attention-cause')).toHaveCount(1);
  await expect(page.locator('.job-panel .ui-primary')).toHaveText(['Show 2']);
  await expect(button(page, 'retry')).toHaveText('Retry 2 failed');
  await page.locator('.job-panel .ui-primary').click();
  await expect(page.locator('.items tbody tr')).toHaveCount(2);
  // Several reasons are equal, and none is the next step.
  server.file('cut.gif', 'GIF89a');
  server.file('cut.zip', 'PK\x03\x04');
  const several = await begin(server, mint(), 'health', { query: { paths: ['cut.gif', 'cut.zip'] } });
  await over(server, several);
  await details(page, server, several);
  await expect(page.locator('.attention-cause')).toHaveCount(2);
  await expect(page.locator('.job-panel .ui-primary')).toHaveCount(0);
  const program = await begin(server, mint(), 'slow', { query: { paths: ['c'] } });
  await over(server, program);
  await details(page, server, program);
  await expect(page.locator('.attention-cause')).toContainText('Show 1');
  await expect(page.locator('.job-panel .ui-primary')).toHaveText(['Retry 1 failed']);
});

test('the dialog does not say that causes are not known while it reads them', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      for (let index = 0; index < 10; index++) server.file(`f${index}`, '7');
      server.file('../hold-f5');
    },
    { config, args: ['--workers', '1'] },
  );
  let [held, release] = [Promise.resolve(), () => {}];
  await page.route('**/api/fn/causes', async (route) => {
    await held;
    await route.continue();
  });
  await open(page, server.url);
  await choose(page, 'slow');
  const shown = dialog(page, await processAll(page));
  await expect(shown.locator('.attention h2')).toHaveText('5 files failed for one reason');
  held = new Promise((done) => (release = done));
  server.remove('../hold-f5');
  await expect(shown.locator('.attention h2')).toHaveText('10 files failed');
  await expect(shown.locator('.attention-more')).toBeEmpty();
  release();
  await expect(shown.locator('.attention h2')).toHaveText('10 files failed for one reason');
});

test('failures are grouped by cause, and just those of one cause are shown and run again', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      for (let index = 0; index < 9; index++) server.file(`photo-${index}`, index < 4 ? '7' : index < 6 ? '9' : '0');
    },
    { config },
  );
  const job = await begin(server, mint(), 'slow');
  await over(server, job);
  await details(page, server, job);
  const causes = page.locator('.attention-cause');
  await expect(page.locator('.attention h2').first()).toHaveText('6 files failed for 2 reasons');
  await expect(causes).toHaveCount(2);
  await expect(causes.first()).toContainText('exit code 7');
  await expect(causes.first()).toContainText('first photo-0, last photo-3');
  await causes.nth(1).getByRole('link', { name: 'Show' }).click();
  await expect(page.locator('.items tbody tr')).toHaveCount(2);
  await expect(page.locator('.items tbody tr').first()).toContainText('photo-4');
  await expect(page.locator('.items-cause')).toContainText('exit code 9');
  // The address keeps this state.
  await page.reload();
  await followed(page);
  await expect(page.locator('.items tbody tr')).toHaveCount(2);
  await causes.nth(1).getByRole('button', { name: 'Retry 2' }).click();
  await expect.poll(async () => (await server.jobs()).length).toBe(2);
  await expect.poll(async () => (await server.jobs())[0].counters?.total).toBe(2);
  await expect(page.locator('dialog .head-title')).toContainText('Slow');
});

test('a plan says how much room there is, and each reason for which files are left out leads to those files', async ({ page, serve }) => {
  const server = await serve((server) => ['a.txt', 'a.txt.zst', 'b.txt'].forEach((name) => server.file(name)), { config });
  const job = await begin(server, mint(), 'compress', { approval: true });
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).status).toBe('planned');
  await details(page, server, job);
  await expect(page.locator('.plan')).toContainText(/\d [kMGTP]?B are free on the library's disk; as large as the originals, the new files need \d+ B\./);
  await expect(page.locator('.plan').getByRole('link', { name: '1 will be missed' })).toBeVisible();
  // Which files run, and what becomes of them.
  await expect(page.locator('.plan-becomes li', { hasText: 'b.txt' })).toHaveText('b.txt → b.txt.zst');
  await page.locator('.plan').getByRole('link', { name: "1 another file has the new name" }).click();
  await expect(page.locator('.items tbody tr')).toHaveCount(1);
  await expect(page.locator('.items tbody tr')).toContainText('a.txt');
  expect(new URL(page.url()).search).toBe('?status=missed&cause=left6');
  await expect(page.locator('.items-cause')).toHaveText("Only what was missed: another file has the new name Show all that was missed");
  await page.reload();
  await expect(page.locator('.items tbody tr')).toHaveCount(1);
});

test('what needed no change is unchanged, in the head of the job and in its row', async ({ page, serve }) => {
  const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  const server = await serve((server) => {
    server.file('a.png');
    writeFileSync(join(server.library, 'a.png'), Buffer.from(pixel, 'base64'));
  }, { config });
  const job = await begin(server, mint(), 'metadata', { settings: { action: 'strip' } });
  expect(await over(server, job)).toBe('completed');
  await details(page, server, job);
  await expect(page.locator('.head-work-basis')).toHaveText('70 B of input done · 1 file unchanged');
  await expect(page.locator('.items-words')).toHaveText('unchanged · nothing to remove · type png');
  await page.getByText('Settings', { exact: true }).click();
  // The words of the form.
  await expect(page.locator('.job-settings')).toContainText('remove all of it');
});

test('a job that writes files says how much it wrote and saved', async ({ page, serve }) => {
  const server = await serve((server) => server.file('zeros', '0'.repeat(90_000)), { config: `${config}\n[[command]]\nname = "half"\nsummary = "Keeps half."\nrun = ["sh", "-c", "head -c 40000 $1 > $2", "sh", "{}", "{out}"]\n` });
  const job = await begin(server, mint(), 'half');
  expect(await over(server, job)).toBe('completed');
  await details(page, server, job);
  await expect(page.locator('.head-work-basis')).toHaveText('90 kB of input done · 40 kB written, 50 kB saved');
});

test('a job that finds no file says on its page what it asked for', async ({ page, serve }) => {
  const server = await serve(four, { config });
  const job = await begin(server, mint(), 'slow', { query: { folder: { include: ['*.xyz'] } } });
  await over(server, job);
  await page.goto(`${server.url}/jobs/${job}`);
  const said = 'No file in the library matches *.xyz.';
  await expect(page.locator('.job-panel')).toContainText(said);
  await followed(page);
  await expect(page.locator('.job-panel')).toContainText(said);
  await expect(standing(page)).toHaveText(/^Failed \d\d:\d\d: no file was found\.$/);
});
