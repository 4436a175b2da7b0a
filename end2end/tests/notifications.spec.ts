// Browser notifications when a job ends while the tab is hidden; asked for only by a button.
import type { Page } from '@playwright/test';
import { choose, config, over, three } from './helper/job';
import { dialog, open, processAll } from './helper/page';
import { expect, test } from './helper/fixtures';

/** A browser that would ask, and answers so; what it was asked and what it showed. */
async function asks(page: Page, answer: string) {
  await page.addInitScript((answer) => {
    const told: string[] = [];
    let asked = 0;
    class Notification {
      static permission = 'default';
      static async requestPermission() {
        asked += 1;
        return (Notification.permission = answer);
      }
      constructor(text: string) {
        told.push(text);
      }
    }
    Object.assign(window, { Notification, notices: () => ({ asked, told }) });
  }, answer);
  return () => page.evaluate(() => (window as any).notices());
}

test('a user who asked for it gets a notification of the end, and nobody is asked without a click', async ({ page, serve }) => {
  const notices = await asks(page, 'granted');
  const server = await serve(three, { config });
  ['a', 'b', 'c'].forEach((name) => server.file(name, '0'));
  server.file('../hold');
  await open(page, server.url);
  await choose(page, 'slow');
  const job = await processAll(page);
  await expect(dialog(page, job).locator('.head-running li')).not.toHaveCount(0);
  const button = dialog(page, job).getByRole('button', { name: 'Tell me when it ends' });
  await expect(button).toBeVisible();
  expect(await notices()).toEqual({ asked: 0, told: [] });
  await button.click();
  await expect(dialog(page, job)).toContainText('Your browser will tell you when it ends');
  // As a browser says it of a tab that nobody sees.
  await page.evaluate(() => Object.defineProperty(document, 'hidden', { get: () => true }));
  server.remove('../hold');
  await over(server, job);
  await expect.poll(notices).toEqual({ asked: 1, told: ['Slow · files: completed'] });
});

test('a user who refuses sees that once, and is not asked again', async ({ page, serve }) => {
  const notices = await asks(page, 'denied');
  const server = await serve(three, { config });
  server.file('../hold');
  await open(page, server.url);
  await choose(page, 'slow');
  const job = await processAll(page);
  await dialog(page, job).getByRole('button', { name: 'Tell me when it ends' }).click();
  await expect(dialog(page, job)).toContainText('Your browser does not allow this.');
  expect(await notices()).toEqual({ asked: 1, told: [] });
  server.remove('../hold');
});
