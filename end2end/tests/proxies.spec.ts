// Real proxies: the documented one, one that buffers, and one that cuts.
import { dialog, ends, everyStep, open, processAll, ready, tenFiles } from './helper/page';
import { BROKEN, expect, test } from './helper/fixtures';
import { documented } from './helper/nginx';
import type { Server } from './helper/server';

/** All of Headway behind nginx, with these directives for the stream. */
const behind = (words: string) => `
  location / {
    proxy_pass http://127.0.0.1:3000;
    proxy_set_header Host $http_host;
    ${words}
  }`;

const ASKING = '[stream] no stream gets through; polling with calls instead';

test('behind nginx as docs/proxies.md has it, streams get through', async ({ page, serveBehind, watched }) => {
  const { server, url } = await serveBehind(tenFiles, documented());
  await open(page, url);
  const job = await processAll(page);
  await ends(watched, server, job, 'completed');
  everyStep(watched, job, 10);
  await expect(page.locator('.page-bar .link-badge')).toHaveAttribute('data-link', 'live');
  expect(watched.lines).not.toContain(ASKING);
});

test('below a path behind nginx as docs/proxies.md has it, everything is there', async ({ page, serveBehind, watched }) => {
  const { server, url } = await serveBehind(tenFiles, documented(1), ['--base-path', '/headway']);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(`${url}/headway`);
  await ready(page);
  await expect(page).toHaveURL(`${url}/headway/`);
  const job = await processAll(page);
  await ends(watched, server, job, 'completed');
  everyStep(watched, job, 10);
  await expect(page.locator('.page-bar .link-badge')).toHaveAttribute('data-link', 'live');
  await page.keyboard.press('Escape');
  // Links, followed by the program and by a reload, and downloads.
  await page.getByRole('link', { name: 'Jobs' }).click();
  await expect(page).toHaveURL(`${url}/headway/jobs`);
  await expect(page.getByRole('link', { name: 'Jobs' })).toHaveAttribute('aria-current', 'page');
  await page.getByRole('link', { name: 'Checksum · files', exact: true }).click();
  await expect(page).toHaveURL(`${url}/headway/jobs/${job}`);
  await page.reload();
  await ready(page);
  await expect(page.locator('.job-panel .status-badge').first()).toHaveText('completed');
  const log = await page.locator('a.job-log').getAttribute('href');
  expect((await page.request.get(url + log)).status()).toBe(200);
  await page.getByRole('link', { name: 'Library' }).click();
  await page.getByRole('searchbox').fill('3');
  await expect(page).toHaveURL(/\/headway\/\?library=files.*search=3|\/headway\/\?.*3/);
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(1);
  expect(asked.filter((address) => !address.startsWith(`${url}/headway`))).toEqual([]);
});

test('behind an nginx that buffers, the page asks by calls and is as true', async ({ page, serveBehind, watched, allow }) => {
  allow(BROKEN);
  // Headway's own header would switch the buffer off. Over HTTP/1.0, nginx's default, nginx passes on only full
  // buffers.
  const buffering = behind('proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;');
  const { server, url } = await serveBehind(tenFiles, buffering);
  await open(page, url);
  await expect.poll(() => watched.lines, { timeout: 40_000 }).toContain(ASKING);
  await expect(page.locator('.page-bar .link-badge')).toHaveAttribute('data-link', 'live');
  const job = await processAll(page);
  await ends(watched, server, job, 'completed');
  everyStep(watched, job, 10);
  // The tab remembers this, so that its next page does not wait to find it out.
  const begun = Date.now();
  await page.goto(`${url}/jobs`);
  await expect(page.locator('.page-bar .link-badge')).toHaveAttribute('data-link', 'live');
  expect(Date.now() - begun).toBeLessThan(14_000);
});

test('behind an nginx that cuts whenever it can, nothing is lost', async ({ page, serveBehind, watched, allow }) => {
  allow(BROKEN);
  // Pages arrive complete, however slow the machine is: without a page, a browser has no program that could recover.
  const cutting = `
    ${behind('proxy_http_version 1.1; proxy_read_timeout 1s; proxy_buffering off;').replace('location /', 'location /api/')}
    ${behind('')}`;
  const { server, url } = await serveBehind((server: Server) => server.slowFiles(12, 600_000_000), cutting, ['--workers', '1']);
  await open(page, url);
  const job = await processAll(page);
  await expect(dialog(page, job)).toBeVisible();
  await ends(watched, server, job, 'completed');
  everyStep(watched, job, 12);
});
