// Every click has an effect, what is shown is what runs, and an error disappears with its cause.
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { BROKEN, expect, test } from './helper/fixtures';
import { begin, choose, config as WAITS } from './helper/job';
import { dialog, ends, open, pill, processAll, ready, shownJob, tenFiles } from './helper/page';
import { mint, type Server } from './helper/server';

const config = `
allow_commands = true

[[command]]
name = "convert"
run = ["sh", "-c", "cp \\"$1\\" \\"$2\\"", "sh", "{}", "{out}", "{quality}"]

[[command.setting]]
name = "quality"
label = "Quality"
choices = ["low", "high"]
`;
const slow = (server: Server) => server.slowFiles(400, 50_000_000);

/** Holds the program of the page back until the test lets it go. */
async function held(page: Page) {
  let release = () => {};
  const gate = new Promise<void>((done) => (release = done));
  await page.route(/_bg.*\.wasm/, async (route) => {
    await gate;
    await route.continue();
  });
  return () => release();
}

/** The values of all controls of the start panel, as they are shown. */
const shown = (page: Page) =>
  page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll<HTMLInputElement>('.start-panel :is(select, textarea, input:not([type="radio"]), input:checked)')].map((control) => [
        control.name,
        control.type === 'checkbox' ? control.checked : control.value,
      ]),
    ),
  );

test('before the page listens only links can be clicked, and text typed into the search is searched for', async ({ page, serve }) => {
  const server = await serve((server) => {
    tenFiles(server);
    for (let index = 0; index < 30; index++) server.file(`photos/IMG_${index}.jpg`);
  });
  const release = await held(page);
  await page.goto(server.url, { waitUntil: 'commit' });
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(11);
  const enabled = await page.locator(':is(button, select, input, textarea):enabled:not([type="hidden"])').evaluateAll((all) => all.map((one) => (one as HTMLInputElement).name));
  expect(enabled).toEqual(['search']);
  await page.getByRole('searchbox').fill('IMG_1');
  release();
  await ready(page);
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(11);
  await expect(page.locator('.ui-listing tbody tr').first()).toContainText('IMG_1');
  await expect(page.getByRole('searchbox')).toHaveValue('IMG_1');
  await expect(page.locator('fieldset:disabled')).toHaveCount(0);
});

test('the sheet has no field before the page listens, and every choice on it is one that runs', async ({ page, serve, watched }) => {
  const server = await serve(tenFiles, { config });
  const release = await held(page);
  await page.goto(server.url, { waitUntil: 'commit' });
  await expect(page.locator('.start-sheet > summary')).toBeAttached();
  // A browser that restores the fields of an earlier visit finds none that it could fill without an event.
  await expect(page.locator('.start-panel :is(input, select, textarea)')).toHaveCount(0);
  release();
  await ready(page);
  await choose(page, 'convert');
  await page.locator('.start-policy').evaluateAll((all) => all.forEach((one) => one.setAttribute('open', '')));
  const press = (name: string, value: string) => page.locator(`.start-panel [name="${name}"][value="${value}"]`).check();
  const type = (name: string, value: string) => page.locator(`.start-panel [name="${name}"]`).fill(value);
  await type('tries', '3');
  await press('timeout', 'after');
  await type('timeout_after', '90');
  await press('halt', 'count');
  await type('halt_at', '7');
  await press('on_done', 'again');
  await press('on_interrupt', 'retry');
  await type('exclude', 'nothing-here');
  await expect(page.locator('select[name="quality"]')).toBeVisible();
  await page.locator('select[name="quality"]').selectOption('high');
  await page.locator('select[name="output"]').selectOption('beside');
  const said = await shown(page);
  expect(said).toMatchObject({ recipe: 'convert', quality: 'high', output: 'beside', tries: '3', timeout: 'after', timeout_after: '90', halt: 'count', halt_at: '7', on_done: 'again', on_interrupt: 'retry', exclude: 'nothing-here' });
  await expect(page.locator('.start-policies')).toContainText('try it 3 times, then stop the job after 7 failures');
  await page.getByRole('button', { name: 'Show the plan' }).click();
  const job = await shownJob(page);
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).status).toBe('planned');
  const { request } = await server.get(`/api/jobs/${job}`);
  expect(request).toMatchObject({
    recipe: said.recipe,
    settings: { quality: said.quality },
    approval: true,
    policy: { tries: 3, timeout: '90s', halt: 'soon,fail=7', on_done: 'again', on_interrupt: 'retry' },
    query: { folder: { exclude: ['nothing-here'] } },
  });
  expect(JSON.stringify(request.output)).toContain('{/.}.out');
  await dialog(page, job).getByRole('button', { name: 'Discard' }).click();
  await ends(watched, server, job, 'cancelled');
});

test('what failed while the server was away is read again by itself when it is back', async ({ page, serve, allow }) => {
  allow(BROKEN);
  const server = await serve((server) => {
    tenFiles(server);
    server.file('photos/IMG_1.jpg');
    slow(server);
  }, { args: ['--workers', '1'] });
  await open(page, server.url);
  const job = await processAll(page);
  await expect(dialog(page, job).getByRole('link', { name: 'Details' })).toBeVisible();
  await server.stop('SIGKILL');
  await dialog(page, job).getByRole('button', { name: 'Cancel job' }).click();
  await expect(dialog(page, job).getByRole('alert')).toContainText('The server did not answer, so it is not known whether it heard this.');
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'photos' }).click();
  const failed = page.locator('main .ui-error', { hasText: 'The server did not answer.' });
  await expect(failed).toBeVisible();
  await expect(failed.getByRole('button', { name: 'Try again' })).toBeVisible();
  await server.start();
  await expect(page.locator('.page-bar .link-badge')).toHaveAttribute('data-link', 'live');
  await expect(page.locator('.ui-listing')).toContainText('IMG_1.jpg', { timeout: 5_000 });
  await expect(page.getByText('did not answer')).toHaveCount(0);
  await pill(page, job).click();
  await expect(dialog(page, job)).not.toContainText('did not answer');

  // The page of a job, too.
  await page.keyboard.press('Escape');
  await server.stop('SIGKILL');
  await page.getByRole('link', { name: 'Jobs' }).click();
  await expect(failed.first()).toBeVisible();
  await server.start();
  await expect(page.locator(`main [data-job="${job}"]`)).toBeVisible();
  await expect(page.getByText('did not answer')).toHaveCount(0);
});

test('jobs of others take no key from the search, and open no dialog', async ({ page, serve }) => {
  const server = await serve(slow, { args: ['--workers', '1', '--jobs', '1'] });
  await open(page, server.url);
  const letters = 'slow-0000.bin and more'.slice(0, 20);
  await page.getByRole('searchbox').focus();
  const jobs = [];
  for (const [index, letter] of [...letters].entries()) {
    if (index % 4 === 1) {
      const job = mint();
      await server.put(job);
      jobs.push(job);
      if (jobs.length === 1) await expect(pill(page, job)).toBeVisible();
      else await expect(page.locator('.pill')).toHaveText(new RegExp(`1 running, ${jobs.length - 1} queued`));
    }
    await page.keyboard.type(letter);
  }
  await expect(page.getByRole('searchbox')).toHaveValue(letters);
  await expect(page.getByRole('searchbox')).toBeFocused();
  await expect(page.locator('dialog')).toHaveCount(0);
  expect(jobs).toHaveLength(5);
});

test('a job that was put away stays a pill over a reload and in a new tab; one that was not is shown again', async ({ page, context, serve, watch }) => {
  const server = await serve(slow, { args: ['--workers', '1'] });
  await open(page, server.url);
  const job = await processAll(page);
  await expect(dialog(page, job).getByRole('link', { name: 'Details' })).toBeVisible();
  await page.reload();
  await ready(page);
  expect(await shownJob(page)).toBe(job);
  await page.keyboard.press('Escape');
  for (const load of ['reload', 'tab']) {
    const tab = load === 'tab' ? await context.newPage() : page;
    if (tab === page) await page.reload();
    else {
      watch(tab);
      await tab.goto(server.url);
    }
    await ready(tab);
    await expect(pill(tab, job)).toBeVisible();
    await expect(tab.locator('html[data-alive]')).toBeAttached();
    await expect(tab.locator('dialog')).toHaveCount(0);
  }
});

test('a job started by the keyboard has a dialog that the keyboard closes, and the focus is not lost', async ({ page, serve, watched }) => {
  const server = await serve(tenFiles);
  await open(page, server.url);
  await page.locator('[data-start="run"]').focus();
  await page.keyboard.press('Enter');
  const job = await shownJob(page);
  await ends(watched, server, job, 'completed');
  await expect(dialog(page, job).getByRole('button', { name: 'Close' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('dialog')).toHaveCount(0);
  await expect(page.locator('[data-start="run"]')).toBeFocused();
});

test('while the server is silent the page shows how old its state is, and never that nothing is missing', async ({ page, serve, allow }) => {
  allow(BROKEN);
  const server = await serve(slow, { args: ['--workers', '1'] });
  await open(page, server.url);
  const job = await processAll(page);
  const received = dialog(page, job).locator('.proof-received');
  await expect(received).toContainText('Complete so far');
  // Every text that the line has shown since the page stopped showing the link as live.
  await page.evaluate(() => {
    const said = Object.assign(window, { said: [] as string[] }).said;
    const look = () => {
      const proof = document.querySelector('dialog .proof');
      if (proof && proof.querySelector('.link-badge')?.getAttribute('data-link') !== 'live') said.push(proof.querySelector('.proof-received')?.textContent ?? '');
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  });
  await server.stop('SIGKILL');
  await expect(received).toHaveText(/^As of \d\d:\d\d:\d\d, \d+ s ago\. Not connected; trying again\.$/);
  await expect(dialog(page, job)).toHaveAttribute('data-silent', 'true');
  // Nor does its speed sink while nothing arrives.
  const speed = await dialog(page, job).locator('.head-work').innerText();
  await page.waitForTimeout(2_500);
  expect(await dialog(page, job).locator('.head-work').innerText()).toBe(speed);
  expect(await dialog(page, job).locator('.progress-bar').evaluate((bar) => getComputedStyle(bar).filter)).toContain('grayscale');
  await expect(dialog(page, job).locator('.link-badge')).toHaveAttribute('data-link', 'silent');
  const said: string[] = await page.evaluate(() => (window as any).said);
  expect(said.length).toBeGreaterThan(0);
  expect(said.filter((text) => text.includes('Complete'))).toEqual([]);
  await server.start();
  await expect(received).toContainText('Complete so far');
  await expect(dialog(page, job)).not.toHaveAttribute('data-silent');
});

test('no time that is shown ever goes back when the server falls silent', async ({ page, serveWired, allow }) => {
  allow(BROKEN);
  test.setTimeout(90_000);
  const { server, wire, url } = await serveWired((server) => {
    server.file('a', '0');
    server.file('../hold');
  }, { config: WAITS });
  const job = await begin(server, mint(), 'slow');
  await page.goto(`${url}/jobs/${job}`);
  const received = page.locator('.proof-received').first();
  await expect(received).toContainText('Complete so far');
  // Each time at work in seconds, and each moment that the page calls the last one known.
  await page.evaluate(() => {
    const seen = Object.assign(window, { seen: { worked: [] as number[], known: [] as string[] } }).seen;
    const look = () => {
      const pace = document.querySelector('.head-speed')?.textContent ?? '';
      const worked = /(?:(\d+) min )?(\d+) s of work so far/.exec(pace);
      if (worked) seen.worked.push(60 * Number(worked[1] ?? 0) + Number(worked[2]));
      const known = /^As of (\S+),/.exec(document.querySelector('.proof-received')?.textContent ?? '');
      if (known) seen.known.push(known[1]);
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await page.waitForTimeout(7_000);
  wire.stall();
  await expect(received).toHaveText(/^As of /, { timeout: 20_000 });
  await page.waitForTimeout(2_000);
  wire.revive();
  await expect(received).toContainText('Complete so far', { timeout: 30_000 });
  const { worked, known } = await page.evaluate(() => (window as any).seen as { worked: number[]; known: string[] });
  expect(worked.length).toBeGreaterThan(1);
  expect(worked).toEqual([...worked].sort((one, other) => one - other));
  expect(known).toEqual([...known].sort());
  server.remove('../hold');
});

test('a page that never catches up shows how old its state is, before and after a reload', async ({ page, serveWired, allow }) => {
  allow(BROKEN);
  const { server, wire, url } = await serveWired(slow, { args: ['--workers', '1'] });
  const job = await begin(server, mint(), 'checksum');
  await page.goto(`${url}/jobs/${job}`);
  const received = page.locator('.proof-received').first();
  await expect(received).toContainText('Complete so far');
  // Each stream says hello, and breaks before it has sent anything about the job.
  wire.keep = (message) => message.includes('"hello"');
  const cutting = setInterval(() => wire.cut(), 300);
  try {
    await expect(received).toHaveText(/^As of /);
    const asOf = async () => (await received.innerText()).slice(0, 'As of 00:00:00'.length);
    const [before, opened] = [await asOf(), wire.opened];
    await server.post(job, 'cancel');
    await expect.poll(() => wire.opened).toBeGreaterThan(opened + 3);
    expect(await asOf(), 'a hello says nothing of what was missed').toBe(before);
    await page.reload();
    await expect(received).toHaveText(/^As of /);
  } finally {
    clearInterval(cutting);
  }
  wire.keep = () => true;
  await expect(page.locator('.link-badge').first()).toHaveAttribute('data-link', 'live', { timeout: 30_000 });
  await expect(received).not.toHaveText(/^As of /);
});

test('a refused start is shown at its field; the form and the selection stay', async ({ page, serve, allow, watched }) => {
  allow(/the server responded with a status of/);
  const server = await serve((server) => {
    tenFiles(server);
    server.file('SUMS', `${'00'.repeat(32)}  1.txt\n`);
  });
  await open(page, server.url);
  await page.getByRole('checkbox', { name: 'Select 1.txt' }).check();
  await choose(page, 'verify');
  await page.locator('[data-start="run"]').click();
  const field = page.getByRole('textbox', { name: 'Manifest' });
  await expect(page.locator('#wrong-manifest')).toContainText('Manifest');
  await expect(field).toHaveAttribute('aria-invalid', 'true');
  await expect(field).toBeFocused();
  await expect(page.locator('dialog')).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Details' })).toHaveCount(0);
  await expect(page.locator('[data-start="run"]')).toHaveText('Process 1 file');
  await expect(page.locator('input[value="verify"]')).toBeChecked();
  // A reload does not request it again either.
  expect(await page.evaluate(() => sessionStorage.getItem('headway.starting'))).toBeNull();
  await field.fill('SUMS');
  await page.locator('[data-start="run"]').click();
  await ends(watched, server, await shownJob(page), 'failed');
  await expect(page.locator('#wrong-manifest')).toBeHidden();
  await page.getByRole('button', { name: 'Close' }).click();
  await expect(page.locator('[data-start="run"]')).toHaveText('Process 11 files');
});

test('a job without any event yet has no link to its details', async ({ page, serve, allow }) => {
  allow(BROKEN);
  const server = await serve(tenFiles);
  await page.route('**/api/fn/start_job', (route) => route.abort());
  await open(page, server.url);
  const job = await processAll(page);
  await expect(dialog(page, job).locator('.modal-start')).toBeVisible();
  await expect(dialog(page, job).getByRole('link', { name: 'Details' })).toHaveCount(0);
});

const focused = (page: Page) => page.evaluate(() => document.activeElement?.tagName);

test('the focus is never lost: into folders, over the dialog, and past everything', async ({ page, serve, watched }) => {
  const server = await serve((server) => {
    tenFiles(server);
    server.file('a/deep/file');
    server.file('a/other');
  });
  await open(page, server.url);
  await page.keyboard.press('Tab');
  await expect(page.locator('.page-skip').getByRole('link', { name: 'Files' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('tr[data-index="0"]')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(2);
  await expect(page.locator('tr[data-index="0"]')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('.ui-listing')).toContainText('file');
  await expect(page.locator('tr[data-index="0"]')).toBeFocused();
  await page.keyboard.press('Space');
  await expect(page.locator('[data-start="run"]')).toHaveText('Process 1 file');
  await expect(page.locator('[data-start="run"]')).toBeEnabled();
  await page.keyboard.press('s');
  await expect(page.locator('[data-start="run"]')).toBeFocused();
  await page.keyboard.press('Enter');
  const job = await shownJob(page);
  await ends(watched, server, job, 'completed');
  await page.keyboard.press('Escape');
  await expect(page.locator('dialog')).toHaveCount(0);
  await expect(page.locator('[data-start="run"]')).toBeFocused();
  await page.locator('.page-skip').getByRole('link', { name: 'Start' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('.start-cards input:checked')).toBeFocused();
});

test('in the dialog the focus begins at its main button, and stays in it as the job ends', async ({ page, serve, watched }) => {
  const server = await serve(
    (server) => {
      slow(server);
      server.file('0.txt');
      chmodSync(join(server.library, '0.txt'), 0);
    },
    { weak: true, args: ['--workers', '1'] },
  );
  await open(page, server.url);
  const job = await processAll(page);
  const main = dialog(page, job).getByRole('button', { name: 'Minimise' });
  await expect(main).toBeFocused();
  await expect(dialog(page, job).locator('.head-count[data-status="failed"] .head-number')).toHaveText('1');
  await page.keyboard.press('Escape');
  await expect.poll(() => focused(page)).not.toBe('BODY');
  await pill(page, job).press('Enter');
  await expect(main).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(dialog(page, job).getByRole('button', { name: 'Cancel job' })).toBeFocused();
  await page.keyboard.press('Enter');
  await ends(watched, server, job, 'cancelled');
  await expect(dialog(page, job).getByRole('button', { name: 'Close' })).toBeFocused();
});

test('the focus stays where it was after Save, and after Pause and Resume of all jobs', async ({ page, serve }) => {
  const server = await serve(slow, { args: ['--workers', '1'] });
  const jobs = [mint(), mint()];
  for (const job of jobs) await begin(server, job, 'checksum');
  await page.goto(`${server.url}/jobs/${jobs[0]}`);
  await ready(page);
  const save = page.locator('[data-action="change"]');
  await page.locator('details:has([data-action="change"])').evaluateAll((all) => all.forEach((one) => one.setAttribute('open', '')));
  // Until the job is known there is nothing to save.
  await expect(save).toBeEnabled();
  await save.focus();
  await page.keyboard.press('Enter');
  await expect(page.locator('.job-change-saved')).toHaveText('Saved.');
  await expect(save).toBeFocused();
  await page.goto(`${server.url}/jobs`);
  await ready(page);
  for (const [all, next] of [['Pause', 'Resume'], ['Resume', 'Pause']]) {
    await page.locator(`[data-all="${all}"]`).focus();
    await page.keyboard.press('Enter');
    await expect(page.locator(`[data-all="${all}"]`)).toBeHidden();
    await expect(page.locator(`[data-all="${next}"]`)).toBeFocused();
  }
});
