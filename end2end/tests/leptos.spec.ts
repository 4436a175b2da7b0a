// Headway inside another Leptos app: examples/leptos, with its own server, page and client. Whatever the timing of a start, the app has
// each job from its first event to its last.
import type { Page } from '@playwright/test';
import { accessible } from './helper/axe';
import { BROKEN, expect, test } from './helper/fixtures';
import { Example } from './helper/example';
import { everyStep, tenFiles } from './helper/page';
import { Wire } from './helper/wire';

const FILES = 10;

/** Runs the example on ten files, behind a wire. */
async function example(act: (app: { example: Example; wire: Wire; url: string }) => Promise<void>) {
  const wire = new Wire();
  const url = await wire.listen();
  const app = new Example();
  tenFiles(app);
  try {
    wire.target = await app.start(url);
    await act({ example: app, wire, url });
  } finally {
    wire.close();
    await app.close();
  }
}

const button = (page: Page) => page.getByRole('button', { name: 'Check all files' });

/** Presses the button, and returns the id of the job that appears. */
async function press(page: Page): Promise<string> {
  const jobs = page.locator('.headway-job');
  const before = await jobs.count();
  await button(page).click();
  await expect(jobs).toHaveCount(before + 1);
  return (await jobs.first().getAttribute('data-job')) ?? '';
}

/** The job is over, seen from event 1 on, and its digest is the server's. */
async function whole(page: Page, app: Example, job: string) {
  const shown = page.locator(`.headway-job[data-job="${job}"]`);
  await expect(shown).toHaveAttribute('data-status', 'completed');
  await expect(shown.locator('.headway-job-proof')).toContainText('Complete: all');
  const truth = await app.get(`/headway/api/v1/jobs/${job}`);
  expect(truth.status).toBe('completed');
  await expect(shown).toHaveAttribute('data-seq', String(truth.seq));
  // 0: every event was received, from the first.
  await expect(shown).toHaveAttribute('data-base', '0');
  await expect(shown.locator('.headway-job-words')).toHaveText(`${FILES} of ${FILES} files done`);
  await expect(shown.locator('.headway-job-cancel')).toBeHidden();
}

test('twenty presses, twenty instant jobs: each is seen from its first event to its last', async ({ page, watched }) => {
  await example(async ({ example, url }) => {
    await page.goto(url);
    const jobs = new Set<string>();
    for (let turn = 0; turn < 20; turn++) {
      const job = await press(page);
      jobs.add(job);
      await whole(page, example, job);
      everyStep(watched, job, FILES);
    }
    expect(jobs.size).toBe(20);
    expect((await example.get('/headway/api/v1/jobs')).jobs).toHaveLength(20);
    await accessible(page, 'twenty jobs');
    await page.goto('about:blank');
  });
});

test('the call that starts the job is late, or its answer is: nothing is missed', async ({ page, watched }) => {
  await example(async ({ example, url }) => {
    let [turn, answered] = [0, 0];
    await page.route('**/headway/api/fn/start_job', async (route) => {
      const wait = () => new Promise((done) => setTimeout(done, 400));
      if (turn++ % 2 === 0) {
        await wait();
        await route.continue();
      } else {
        const response = await route.fetch();
        await wait();
        await route.fulfill({ response });
      }
      answered++;
    });
    await page.goto(url);
    for (let count = 0; count < 6; count++) {
      const job = await press(page);
      await whole(page, example, job);
      everyStep(watched, job, FILES);
    }
    // The last job can end before its call is answered, and a page that is left has no answers.
    await expect.poll(() => answered).toBe(turn);
    await page.goto('about:blank');
  });
});

test('the stream is cut at every moment of a job: nothing is missed', async ({ page, watched, allow }) => {
  allow(BROKEN);
  await example(async ({ example, wire, url }) => {
    await page.goto(url);
    await expect(button(page)).toBeEnabled();
    // Each connection breaks after a few bytes more than the one before.
    for (const most of [1, 200, 700, 1_500, 2_600, 4_000]) {
      wire.most = most;
      const opened = wire.opened;
      const job = await press(page);
      // Until the connection has broken and the page has opened another, unless the job was over before.
      const status = () => page.locator(`.headway-job[data-job="${job}"]`).getAttribute('data-status');
      await expect.poll(async () => wire.opened > opened + 1 || (await status()) === 'completed').toBe(true);
      wire.most = Infinity;
      wire.cut();
      await whole(page, example, job);
      everyStep(watched, job, FILES);
    }
    await page.goto('about:blank');
  });
});

test('a page that comes later has the same job, and says from where on', async ({ page, watch, context }) => {
  await example(async ({ example, url }) => {
    await page.goto(url);
    const job = await press(page);
    await whole(page, example, job);
    const other = await context.newPage();
    watch(other);
    await other.goto(`${url}/watch/${job}`);
    const shown = other.locator('.headway-job');
    await expect(shown.locator('.headway-job-proof')).toContainText('Complete: all');
    await expect(shown).toHaveAttribute('data-base', (await shown.getAttribute('data-seq')) ?? '');
    await expect(other.locator('#said')).toHaveText('The archive is whole.');
    await accessible(other, 'a job in another app');
    await other.close();
    await page.goto('about:blank');
  });
});

test('a cancel before the start has reached the server cancels the job', async ({ page }) => {
  await example(async ({ example, url }) => {
    let release = () => {};
    const held = new Promise<void>((done) => (release = done));
    await page.route('**/headway/api/fn/start_job', async (route) => {
      const body = route.request().postDataJSON();
      // It waits for approval, so that it cannot be over before the cancel.
      body.request.approval = true;
      await held;
      await route.continue({ postData: JSON.stringify(body) });
    });
    await page.goto(url);
    const job = await press(page);
    await page.getByRole('button', { name: 'Cancel' }).click();
    release();
    await expect(page.locator(`.headway-job[data-job="${job}"]`)).toHaveAttribute('data-status', 'cancelled');
    expect((await example.get(`/headway/api/v1/jobs/${job}`)).status).toBe('cancelled');
    await page.goto('about:blank');
  });
});
