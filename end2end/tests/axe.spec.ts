// axe checks every page in every state: 30 of them, in light and dark.
import { accessible } from './helper/axe';
import { begin, button, choose, config, count, details, openFile, over, status, three } from './helper/job';
import { dialog, open, processAll, ready } from './helper/page';
import { expect, test } from './helper/fixtures';
import { mint, type Server } from './helper/server';

const [DESK, PHONE] = [{ width: 1100, height: 800 }, { width: 390, height: 844 }];

const fill = (server: Server) => {
  three(server);
  server.file('a', '0');
  server.file('b', '7');
  server.file('c', '0');
  server.file('folder/inside', '0');
  server.file('empty/gone');
  server.remove('empty/gone');
};

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the library in every state is accessible, ${colorScheme}`, async ({ page, serve, allow }) => {
    // axe runs some thirty times, which takes long.
    test.slow();
    allow(/the server responded with a status of 4\d\d/);
    await page.emulateMedia({ colorScheme });
    const server = await serve(fill, { config });
    await over(server, await begin(server, mint(), 'slow', { query: { paths: ['a', 'b'] } }));
    await open(page, server.url);
    await expect(page.locator('.ui-listing .status-badge')).toHaveCount(2);
    await accessible(page, 'the root of a library');
    for (const recipe of ['verify', 'upper', 'command']) {
      await choose(page, recipe);
      await page.locator('.start-sheet, .start-policy').evaluateAll((all) => all.forEach((one) => one.setAttribute('open', '')));
      // The bar at the bottom lies over a field only until it has the focus.
      await page.getByLabel('Attempts per file').focus();
      await accessible(page, `the options of ${recipe}`);
    }
    await page.setViewportSize(PHONE);
    await page.getByLabel('Leave out').focus();
    await accessible(page, 'the options on a phone');
    await page.setViewportSize(DESK);
    await page.locator('select[name="output"]').selectOption('folder');
    await page.getByLabel('Attempts per file').focus();
    await accessible(page, 'an output in a folder');
    await page.getByLabel('Attempts per file').fill('0');
    await page.locator('[data-start="run"]').click();
    await accessible(page, 'a refused start');
    await page.getByRole('checkbox', { name: 'Select a', exact: true }).check();
    await accessible(page, 'one file selected');
    await page.getByRole('checkbox', { name: 'Select all files listed so far' }).check();
    await accessible(page, 'all files selected');
    for (const query of ['folder=folder', 'folder=empty', 'search=insi', 'search=nothing', 'show=failed', 'sort=size&descending=1', 'folder=nope', 'library=nope', 'folder=../etc']) {
      await page.goto(`${server.url}/?${query}`);
      await ready(page);
      await expect(page.locator('.ui-loading')).toHaveCount(0);
      await accessible(page, query);
    }
    await page.goto(`${server.url}/nothing`);
    await ready(page);
    await accessible(page, 'no such page');
    await page.setViewportSize(PHONE);
    await accessible(page, 'no such page on a phone');
  });

  test(`a job in every state is accessible, ${colorScheme}`, async ({ page, serve, allow }) => {
    // axe runs some thirty times, which takes long.
    test.slow();
    allow(/the server responded with a status of 4\d\d/);
    await page.emulateMedia({ colorScheme });
    const server = await serve(fill, { config });
    await open(page, `${server.url}/jobs`);
    await accessible(page, 'no jobs yet');
    server.file('../hold');
    await open(page, server.url);
    await choose(page, 'slow');
    const job = await processAll(page);
    await expect(dialog(page, job).locator('.head-running li')).not.toHaveCount(0);
    await accessible(page, 'the dialog of a running job');
    await page.keyboard.press('Escape');
    await expect(page.locator('.pill')).toBeVisible();
    await accessible(page, 'a pill');
    await details(page, server, job);
    await expect(count(page, 'running')).not.toHaveText('0');
    await accessible(page, 'a running job');
    await details(page, server, job, '?status=cancelled');
    await accessible(page, 'a status without files');
    await details(page, server, job);
    await button(page, 'pause').click();
    await expect(status(page)).toHaveText('paused');
    await accessible(page, 'a paused job');
    await button(page, 'resume').click();
    server.remove('../hold');
    await expect(status(page)).toHaveText('completed with errors');
    await openFile(page, 0);
    await expect(page.locator('.attempts-one')).toBeVisible();
    await accessible(page, 'an open file with its output');
    await page.keyboard.press('Escape');
    await page.getByText('Settings', { exact: true }).click();
    await page.getByText('How we know').click();
    await accessible(page, 'a job that ended with failures, all of it open');
    await page.setViewportSize(PHONE);
    await accessible(page, 'the same on a phone');
    await page.setViewportSize(DESK);
    const plan = await begin(server, mint(), 'slow', { approval: true });
    await details(page, server, plan);
    await expect(status(page)).toHaveText('planned');
    await accessible(page, 'a plan');
    // Of which files are left out and missed, each with its reasons.
    await over(server, await begin(server, mint(), 'checksum', { query: { paths: ['a'] } }));
    const found = await begin(server, mint(), 'checksum', { approval: true, query: { paths: ['a', 'b', 'gone'] }, policy: { on_done: 'skip' } });
    await details(page, server, found);
    await expect(page.locator('.plan .plan-why a')).toHaveCount(2);
    await accessible(page, 'a plan with reasons');
    await page.setViewportSize(PHONE);
    await accessible(page, 'a plan with reasons on a phone');
    await page.setViewportSize(DESK);
    await server.post(found, 'cancel');
    await details(page, server, plan);
    await expect(status(page)).toHaveText('planned');
    await button(page, 'cancel').click();
    await expect(status(page)).toHaveText('planned only');
    await accessible(page, 'a plan that was never run');
    server.file('words', 'words');
    const upper = await begin(server, mint(), 'upper', { query: { paths: ['words'] } });
    await over(server, upper);
    await details(page, server, upper);
    await accessible(page, 'a job that replaced files');
    await button(page, 'undo').click();
    await expect(page.locator('.head-undone')).toContainText('put back');
    await page.keyboard.press('Escape');
    await accessible(page, 'a job that was undone');
    await open(page, `${server.url}/jobs`);
    await expect(page.locator('.ui-listing tbody tr')).toHaveCount(6);
    await accessible(page, 'the list of jobs');
    await page.setViewportSize({ width: 320, height: 700 });
    await accessible(page, 'the list of jobs on a small phone');
    await page.setViewportSize(DESK);
    for (const nowhere of ['/jobs/abc', `/jobs/${mint()}`]) {
      await page.goto(server.url + nowhere);
      await ready(page);
      await expect(page.locator('h1')).toHaveCount(1);
      await accessible(page, nowhere);
      await page.setViewportSize(PHONE);
      await accessible(page, `${nowhere} on a phone`);
      await page.setViewportSize(DESK);
    }
  });
}
