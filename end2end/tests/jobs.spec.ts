// The list of jobs: what is not over as cards, what is over as lines, and a search and a filter that the address holds.
import { begin, config, over, three } from './helper/job';
import { open, ready } from './helper/page';
import { expect, test } from './helper/fixtures';
import { mint } from './helper/server';
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
  const rows = page.locator('.jobs tbody tr');
  const card = page.locator(`.job-card[data-job="${runs}"]`);
  await expect(card.locator('.standing')).toHaveText(/^Running since/);
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText('1 of 3 failed');
  await expect(rows.first().locator('.ended')).toHaveText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  await expect(rows.nth(1)).toContainText('3 / 3 files');
  await fits(page, 'the list of jobs with a card');

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
  await expect(page.getByRole('heading', { name: 'No job is like this' })).toBeVisible();
  await page.getByRole('link', { name: 'Show all jobs' }).click();
  await card.getByRole('button', { name: 'Pause' }).click();
  await expect(card.locator('.standing')).toHaveText('Paused by you.');
  expect((await server.get(`/api/jobs/${runs}`)).status).toBe('paused');
});
