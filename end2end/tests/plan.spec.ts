// A plan that waits: some of its files are tried first, and the plan runs the others.
import { ends, open, shownJob } from './helper/page';
import { expect, test } from './helper/fixtures';
import { begin, button, config, details, over } from './helper/job';
import { mint } from './helper/server';

test('files of a plan are tried first, and the plan stays and runs the others', async ({ page, serve, watched }) => {
  const server = await serve(
    (server) => {
      for (let index = 0; index < 12; index++) server.file(`${index}.txt`, `text ${index}`);
    },
    { config },
  );
  const plan = await begin(server, mint(), 'upper', { approval: true, output: { place: 'replace' } });
  await open(page, server.url);
  await details(page, server, plan);
  await expect(button(page, 'approve')).toHaveText('Run 12 files');
  await page.locator('.plan [data-action="sample"]').first().click();
  const trial = await shownJob(page);
  expect(trial).not.toBe(plan);
  expect((await ends(watched, server, trial, 'completed')).counters.total).toBe(10);
  expect((await server.get(`/api/jobs/${plan}`)).status).toBe('planned');

  await details(page, server, plan);
  const tried = page.locator('.plan-tried');
  await expect(tried).toHaveText(/^10 files were tried first in .*: 10 of 10 files done$/);
  await expect(tried.getByRole('link')).toHaveAttribute('href', `/jobs/${trial}`);
  await expect(page.locator('.plan-what')).toHaveText(/^2 other files will be replaced/);
  await button(page, 'approve').click();
  expect(await over(server, plan)).toBe('completed');
  const { counters } = await server.get(`/api/jobs/${plan}`);
  expect([counters.succeeded, counters.skipped, counters.missed ?? 0]).toEqual([2, 10, 0]);

  // The trial leads back to the plan.
  await details(page, server, trial);
  await expect(page.locator('.head-parent')).toHaveText(/^Tries 10 files of /);
  await expect(page.locator('.head-parent').getByRole('link')).toHaveAttribute('href', `/jobs/${plan}`);
});

test('the plan of an undo has no files to try first', async ({ page, serve }) => {
  const server = await serve(
    (server) => {
      for (let index = 0; index < 12; index++) server.file(`${index}.txt`, `text ${index}`);
    },
    { config },
  );
  const done = await begin(server, mint(), 'upper', { output: { place: 'replace' } });
  await over(server, done);
  const undo = await begin(server, mint(), 'undo', { query: { items: { job: done, which: 'placed' } }, approval: true });
  await details(page, server, undo);
  await expect(button(page, 'approve')).toHaveText('Run 12 files');
  await expect(page.locator('[data-action="sample"]')).toHaveCount(0);
});
