// The files of a job: in every frame the table agrees with the numbers above it, whatever happens.
import type { Page } from '@playwright/test';
import { begin, button, config, count, details, followed, openFile, over, status } from './helper/job';
import { BROKEN, expect, test } from './helper/fixtures';
import { mint, type Server } from './helper/server';

const forty = (server: Server) => {
  for (let index = 0; index < 40; index++) server.file(`f${String(index).padStart(2, '0')}`, index % 5 === 3 ? '7' : '0');
};

/** From now on, compares the rows with the counts in every frame of every page, as soon as the page has received the job. */
async function compare(page: Page) {
  await page.addInitScript(() => {
    const seen = ((window as any).seen = { frames: 0, wrong: [] as string[] });
    const look = () => {
      requestAnimationFrame(look);
      if (!document.querySelector('.job-files[data-followed]')) return;
      const shown = [...document.querySelectorAll('.items:not([hidden]) tbody .status-badge')].map((badge) => (badge as HTMLElement).dataset.status);
      const wanted = new URLSearchParams(location.search).get('status');
      for (const count of document.querySelectorAll<HTMLElement>('.job-panel .head-count:not([data-status="all"])')) {
        const word = count.dataset.status!;
        const said = wanted && wanted !== word ? 0 : Number(count.querySelector('.head-number')!.textContent!.replace(/,/g, ''));
        const rows = shown.filter((status) => status === word).length;
        if (rows !== said) seen.wrong.push(`${word}: ${said} counted, ${rows} in the table`);
      }
      seen.frames += 1;
    };
    requestAnimationFrame(look);
  });
}

async function agreed(page: Page) {
  await expect.poll(() => page.evaluate(() => (window as any).seen.frames)).toBeGreaterThan(5);
  expect(await page.evaluate(() => (window as any).seen.wrong)).toEqual([]);
}

test('the table counts what the head counts: while it runs, paused, after a reload, after a restart, at the end', async ({ page, serve, allow }) => {
  allow(BROKEN);
  const server = await serve(forty, { config, args: ['--workers', '2'] });
  await compare(page);
  // Some files wait, so that there is a middle.
  ['f01', 'f10', 'f38'].forEach((name) => server.file(`../hold-${name}`));
  const job = await begin(server, mint(), 'slow');
  await details(page, server, job);
  await expect(count(page, 'succeeded')).toHaveText('7');
  await expect(count(page, 'failed')).toHaveText('2');
  await button(page, 'pause').click();
  await expect(status(page)).toHaveText('paused');
  await expect(count(page, 'running')).toHaveText('2');
  ['f01', 'f10'].forEach((name) => server.remove(`../hold-${name}`));
  await expect(count(page, 'running')).toHaveText('0');
  const done = Number(await count(page, 'succeeded').textContent());
  await expect(page.locator('.items .status-badge', { hasText: 'done' })).toHaveCount(done);
  await agreed(page);
  await page.reload();
  await followed(page);
  await expect(page.locator('.items .status-badge', { hasText: 'done' })).toHaveCount(done);
  await button(page, 'resume').click();
  await expect(count(page, 'succeeded')).not.toHaveText(String(done));
  await agreed(page);
  await server.stop('SIGKILL');
  await server.start();
  await expect(count(page, 'waiting')).toHaveText('0');
  await expect(count(page, 'running')).toHaveText('1');
  server.remove('../hold-f38');
  expect(await over(server, job)).toBe('completed_with_errors');
  await expect(status(page)).toHaveText('completed with errors');
  await expect(page.locator('.items .status-badge', { hasText: 'failed' })).toHaveCount(8);
  // The reason of each failed file arrived by itself, and no other text did.
  await expect(page.locator('.items .items-words', { hasText: 'exit code 7' })).toHaveCount(8);
  await agreed(page);
  await page.reload();
  await followed(page);
  await expect(page.locator('.items tbody tr')).toHaveCount(40);
  await agreed(page);
});

test('the filter running shows what runs and nothing else, and a longer list of a filter follows', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      for (let index = 0; index < 230; index++) server.file(`f${String(index).padStart(3, '0')}`, index < 220 ? '1' : '0');
      server.file('../hold');
    },
    { config, args: ['--workers', '2'] },
  );
  await compare(page);
  const job = await begin(server, mint(), 'slow');
  await details(page, server, job, '?status=running');
  const rows = page.locator('.items tbody tr');
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText(/f\d{3}/);
  const one = /f\d{3}/.exec(await rows.first().innerText())![0];
  server.remove('../hold');
  // No row stays after its file has ended.
  await expect(rows.filter({ hasText: one })).toHaveCount(0);
  expect(await over(server, job)).toBe('completed_with_errors');
  await expect(rows).toHaveCount(0);
  await expect(page.getByText('No file is being worked on.')).toBeVisible();
  await agreed(page);

  await page.getByRole('navigation', { name: 'Files by status' }).getByRole('link', { name: 'failed' }).click();
  await expect(page.locator('.items')).toHaveAttribute('aria-rowcount', '221');
  await expect(rows.first()).toContainText('f000');
  await rows.first().focus();
  await page.keyboard.press('End');
  await expect(rows.last()).toBeFocused();
  await expect(rows.last()).toContainText('f219');
  await expect(page.getByRole('link', { name: 'Next' })).toHaveCount(0);
});

test('output is shown once there is some, and not offered where no program runs', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      server.file('a', '0');
      server.file('../hold');
    },
    { config },
  );
  const job = await begin(server, mint(), 'slow');
  await details(page, server, job);
  await expect(count(page, 'running')).toHaveText('1');
  await openFile(page, 0);
  await expect(page.locator('.attempts')).toContainText('No output so far.');
  await expect(page.getByText('No output.', { exact: true })).toBeHidden();
  server.remove('../hold');
  await expect(page.locator('.attempts-one pre').first()).toHaveText('wrong\n');
  await expect(page.getByText('No output so far.')).toHaveCount(0);

  server.file('../hold');
  await details(page, server, await begin(server, mint(), 'tells'));
  // The text is shown unchanged, and not converted to bytes.
  await expect(page.locator('.head-running .head-running-far')).toHaveText('10 %');
  server.remove('../hold');
  await expect(status(page)).toHaveText('completed');
  await openFile(page, 0);
  await expect(page.locator('.attempts')).toContainText('No output.');

  const sums = await begin(server, mint(), 'checksum');
  await over(server, sums);
  await details(page, server, sums);
  await openFile(page, 0);
  await expect(page.locator('.drawer .drawer-found')).toContainText('sha256');
  await expect(page.locator('.items tbody:not(.ui-room)')).not.toContainText('sha256');
  await expect(page.locator('.attempts')).toHaveCount(0);
});
