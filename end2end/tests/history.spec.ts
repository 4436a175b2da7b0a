// The log of a job on its page: what happened when, and the job's state at any moment.
import { begin, button, config, count, details, over, standing, status } from './helper/job';
import { expect, test } from './helper/fixtures';
import { mint, type Server } from './helper/server';

/** Ten files; the fourth and the ninth fail. */
const ten = (server: Server) => {
  for (let index = 0; index < 10; index++) server.file(`f${index}`, index % 5 === 3 ? '7' : '0');
};

test('a moment of the past is shown as it was to anyone who opens its address, and one button leads back', async ({ page, serve }) => {
  const server = await serve(ten, { config, args: ['--workers', '1'] });
  const job = await begin(server, mint(), 'slow');
  expect(await over(server, job)).toBe('completed_with_errors');
  const log = (await (await fetch(`${server.url}/api/jobs/${job}/log`)).text()).trim().split('\n').slice(1);
  const events: any[] = log.map((line) => JSON.parse(JSON.parse(line).payload));
  // The moment of the first failure. The log says how many files were done before it.
  const first = events.find((event) => event.event === 'failed');
  const before = events.filter((event) => event.event === 'succeeded' && event.seq < first.seq).length;

  await details(page, server, job, `?at=${first.seq}`);
  const past = page.locator('.history-past');
  await expect(past).toContainText(new RegExp(`The past: the job as it stood at \\d\\d:\\d\\d:\\d\\d, after event ${first.seq} of ${events.length}\\.`));
  await expect(count(page, 'failed')).toHaveText('1');
  await expect(count(page, 'succeeded')).toHaveText(String(before));
  await expect(status(page)).toHaveText('processing');
  // Every part of the page shows that moment: the files, and the links to them.
  await page.locator('.job-panel .head-count[data-status="failed"] a').click();
  await expect(page.locator('.items tbody tr')).toHaveCount(1);
  await expect(page.locator('.items tbody tr')).toContainText('f3');
  expect(new URL(page.url()).search).toBe(`?status=failed&at=${first.seq}`);
  // Nothing can be done to the past.
  await expect(button(page, 'retry_failed')).toBeHidden();
  await expect(page.locator('.attention button:visible')).toHaveCount(0);

  await past.getByRole('link', { name: 'Back to now' }).click();
  await expect(past).toHaveCount(0);
  await expect(count(page, 'failed')).toHaveText('2');
  await expect(status(page)).toHaveText('completed with errors');
  await expect(standing(page)).toContainText('2 failures');
  expect(await page.evaluate(() => document.activeElement?.tagName)).not.toBe('BODY');
  await page.goBack();
  await expect(count(page, 'failed')).toHaveText('1');
});

test('the log says what happened, how fast, and its slider goes through it', async ({ page, serve }) => {
  const server = await serve(ten, { config, args: ['--workers', '1'] });
  const job = await begin(server, mint(), 'slow');
  expect(await over(server, job)).toBe('completed_with_errors');
  const seq: number = (await server.get(`/api/jobs/${job}`)).seq;
  await details(page, server, job);
  await page.getByText('Log and throughput').click();
  const rows = page.locator('.history-events li');
  await expect(rows.first()).toContainText('The job ended');
  await expect(rows).toHaveCount(seq);
  await page.getByRole('button', { name: 'Failures' }).click();
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText('f8 failed');
  const find = page.getByLabel('Events of files by name');
  await find.fill('f3');
  await find.press('Enter');
  await expect(rows).toHaveText([/f3 failed$/]);
  await find.fill('');
  await find.press('Enter');
  await expect(rows).toHaveCount(2);
  await page.getByRole('button', { name: 'Of the job as a whole' }).click();
  await expect(rows.last()).toContainText('The job was created');

  // All files that ended are in the chart, and in its table.
  await expect(page.locator('.history-columns rect[data-status="failed"]')).not.toHaveCount(0);
  await page.getByText('Throughput as a table').click();
  const sum = async (column: number) => {
    const cells = await page.locator(`.history-throughput-table tbody td:nth-child(${column})`).allTextContents();
    return cells.map(Number).reduce((sum, number) => sum + number, 0);
  };
  expect([await sum(2), await sum(3)]).toEqual([8, 2]);

  const slider = page.getByRole('slider', { name: 'Rewind' });
  await slider.focus();
  await page.keyboard.press('ArrowLeft');
  await expect(status(page)).not.toHaveText('completed with errors');
  expect(new URL(page.url()).search).toBe(`?at=${seq - 1}`);
  await page.keyboard.press('Home');
  await expect(page.locator('.history-past')).toContainText(`after event 1 of ${seq}`);
  await expect(page.locator('.job-panel .head-count[data-status="all"] .head-number')).toHaveText('0');
  // At its end is now.
  await page.keyboard.press('End');
  await expect(page.locator('.history-past')).toHaveCount(0);
  await expect(count(page, 'succeeded')).toHaveText('8');
  // An event of the log links to its moment.
  await page.getByRole('button', { name: 'Failures' }).click();
  await rows.last().locator('.history-number').click();
  await expect(count(page, 'failed')).toHaveText('1');
});

test('the log of a job that runs goes on while one looks, and the past does not', async ({ page, serve }) => {
  const server = await serve((server) => {
    ten(server);
    server.file('../hold-f5');
  }, { config, args: ['--workers', '1'] });
  const job = await begin(server, mint(), 'slow');
  // A page does not wait for an event that the job does not have yet.
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).seq).toBeGreaterThan(3);
  await details(page, server, job, '?at=3');
  await expect(page.locator('.history-past')).toContainText('after event 3 of');
  const numbers = page.locator('.job-panel :is(.head-counts, .head-speed, .head-work)');
  const then = await numbers.allTextContents();
  expect(then.join(), 'the bytes that are known are those of the present').not.toContain('read');
  await page.getByText('Log and throughput').click();
  await expect(count(page, 'succeeded')).toHaveText('0');
  server.remove('../hold-f5');
  await over(server, job);
  const seq: number = (await server.get(`/api/jobs/${job}`)).seq;
  await expect(page.locator('.history-past')).toContainText(`after event 3 of ${seq}`);
  expect(await numbers.allTextContents()).toEqual(then);
  await page.locator('.history-past').getByRole('link', { name: 'Back to now' }).click();
  await expect(page.locator('.history-events li').first()).toContainText('The job ended');
});

test('a page that cannot read the past yet shows no present under its address', async ({ page, serve, browser }) => {
  const server = await serve(ten, { config, args: ['--workers', '1'] });
  const job = await begin(server, mint(), 'slow');
  expect(await over(server, job)).toBe('completed_with_errors');
  const bare = await browser.newContext({ javaScriptEnabled: false });
  const unread = await bare.newPage();
  await unread.goto(`${server.url}/jobs/${job}?at=3`);
  await expect(unread.locator('.history-past')).toContainText('Reading the events up to 3');
  await expect(unread.locator('.job-panel')).toBeHidden();
  await expect(unread.locator('.items')).toBeHidden();
  await bare.close();
  // An event that the job does not have yet is not awaited.
  await details(page, server, job, '?at=100000');
  await expect(page.locator('.history-past')).toContainText('after event');
  await expect(page.locator('.job-panel')).toBeVisible();
});
