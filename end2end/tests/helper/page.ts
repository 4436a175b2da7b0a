import type { Page } from '@playwright/test';
import { expect, type Watched } from './fixtures';
import type { Server } from './server';

/** Opens the library and waits until the page listens. */
export async function open(page: Page, url: string) {
  await page.goto(url);
  await ready(page);
}

export async function ready(page: Page) {
  await expect(page.locator('main[data-ready]')).toBeAttached();
}

/** The pill of a live job that is not shown. */
export const pill = (page: Page, job: string) => page.locator(`.pill[data-job="${job}"]`);

/** Starts the offered job, and returns the id of the job that the page follows. */
export async function processAll(page: Page): Promise<string> {
  await page.locator('[data-start="run"]').click();
  return shownJob(page);
}

/** The id of the job in the dialog. */
export async function shownJob(page: Page): Promise<string> {
  // Read in one step, because on a slow machine the dialog of an instant job would be gone before a second read.
  return (await page.locator('dialog.modal').getAttribute('data-job')) ?? '';
}

/** The dialog of a job. */
export const dialog = (page: Page, job: string) => page.locator(`dialog.modal[data-job="${job}"]`);

/** Waits until the page has the job's true end: the server's status, the last event, and a digest that matches. */
export async function ends(watched: Watched, server: Server, job: string, status: string) {
  const { page } = watched;
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).status, { timeout: 60_000 }).toBe(status);
  await expect.poll(() => watched.of(job).at(-1), { timeout: 30_000 }).toBe(`finished: ${status}`);
  const truth = await server.get(`/api/jobs/${job}`);
  // A test can have closed the dialog; the page's own record stays.
  const shown = dialog(page, job);
  const soon = { timeout: 2_000 };
  await expect(async () => {
    if (!(await shown.isVisible())) return;
    await expect(shown.locator('.head-top .status-badge')).toHaveAttribute('data-status', status, soon);
    const { total, skipped_in_plan, missed_in_plan = 0 } = truth.counters;
    const files = (number: number) => `${number.toLocaleString('en-US')} ${number === 1 ? 'file' : 'files'}`;
    const isPlan = status === 'cancelled' && !truth.began && !truth.listing;
    await expect(shown.locator('.head-done')).toHaveText(isPlan ? `${files(total - skipped_in_plan)} planned` : `${done(truth)} / ${files(total - skipped_in_plan + missed_in_plan)}`, soon);
    await expect(shown.locator('.proof')).toHaveAttribute('data-seq', String(truth.seq), soon);
    await expect(shown.locator('.proof-received')).toContainText(`Complete: all ${truth.seq.toLocaleString('en-US')} events`, soon);
  }).toPass({ timeout: 30_000 });
  return truth;
}

/** How many files were processed, as pages write it, without the files that the plan left out or that were missed. */
export function done(summary: any): string {
  const { succeeded, skipped, skipped_in_plan, failed, missed = 0, missed_in_plan = 0 } = summary.counters;
  return (succeeded + skipped - skipped_in_plan + failed - (missed - missed_in_plan)).toLocaleString('en-US');
}

/** Every step from `0/n` to `n/n`, in order, each once. */
export function everyStep(watched: Watched, job: string, total: number) {
  const steps = watched.of(job).filter((line) => line.startsWith('processing '));
  expect(steps).toEqual(Array.from({ length: total + 1 }, (_, done) => `processing ${done}/${total}`));
  expect(watched.lines.filter((line) => /ignor/i.test(line))).toEqual([]);
}

export async function throttle(page: Page, rate: number) {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate });
}

export const tenFiles = (server: Pick<Server, 'file'>) => {
  for (let index = 0; index < 10; index++) server.file(`${index}.txt`);
};
