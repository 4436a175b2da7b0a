// The race that this product exists to end: whatever the timing of a start, the page ends in the true state.
import { dialog, ends, everyStep, open, processAll, shownJob, tenFiles, throttle } from './helper/page';
import { BROKEN, expect, test } from './helper/fixtures';

for (const rate of [1, 5]) {
  test.describe(rate === 1 ? 'at full speed' : `on a processor ${rate} times as slow`, () => {
    test.beforeEach(async ({ page }) => throttle(page, rate));

    test('an instant job: every event from 0/10 to 10/10 reaches the page', async ({ page, serve, watched }) => {
      const server = await serve(tenFiles);
      await open(page, server.url);
      const job = await processAll(page);
      await ends(watched, server, job, 'completed');
      everyStep(watched, job, 10);
    });

    test('the start is answered only after the job has finished', async ({ page, serve, watched }) => {
      const server = await serve(tenFiles);
      let release = () => {};
      const held = new Promise<void>((done) => (release = done));
      await page.route('**/api/fn/start_job', async (route) => {
        const answer = await route.fetch();
        await held;
        await route.fulfill({ response: answer });
      });
      await open(page, server.url);
      const job = await processAll(page);
      await ends(watched, server, job, 'completed');
      release();
      everyStep(watched, job, 10);
    });

    test('the answer to the start is lost; pressing again starts no second job', async ({ page, serve, watched, allow }) => {
      allow(BROKEN);
      const server = await serve(tenFiles);
      // Held until the button was clicked again, however slow the page is: after the page's own repetition is
      // answered, another click is another job.
      let losing = true;
      await page.route('**/api/fn/start_job', async (route) => {
        if (!losing) return route.continue();
        await route.fetch();
        await route.abort();
      });
      await open(page, server.url);
      const job = await processAll(page);
      await page.keyboard.press('Escape');
      expect(await processAll(page)).toBe(job);
      losing = false;
      await ends(watched, server, job, 'completed');
      everyStep(watched, job, 10);
      expect((await server.jobs()).map((summary) => summary.job)).toEqual([job]);
    });
  });
}

test('the start request is lost: the page repeats it by itself', async ({ page, serve, watched, allow }) => {
  allow(BROKEN);
  const server = await serve(tenFiles);
  let calls = 0;
  await page.route('**/api/fn/start_job', (route) => (++calls <= 2 ? route.abort() : route.continue()));
  await open(page, server.url);
  const job = await processAll(page);
  await expect(dialog(page, job).locator('.modal-start')).toHaveAttribute('data-start', 'waiting');
  await ends(watched, server, job, 'completed');
  expect(calls).toBe(3);
  everyStep(watched, job, 10);
});

test('no answer for 30 s: the page says so and offers to start again, with the same id', async ({ page, serve, watched, allow }) => {
  allow(BROKEN);
  const server = await serve(tenFiles);
  let lost = true;
  await page.route('**/api/fn/start_job', (route) => (lost ? route.abort() : route.continue()));
  await page.clock.install();
  await open(page, server.url);
  const job = await processAll(page);
  const state = dialog(page, job).locator('.modal-start');
  await expect(state).toHaveAttribute('data-start', 'waiting');
  await page.clock.fastForward(31_000);
  await expect(state).toHaveAttribute('data-start', 'offered');
  lost = false;
  await dialog(page, job).getByRole('button', { name: 'Start again' }).click();
  await ends(watched, server, job, 'completed');
  expect(await server.jobs()).toHaveLength(1);
});

test('a start that is neither answered nor refused is offered again after 30 s, with the same id', async ({ page, serve, watched, allow }) => {
  allow(BROKEN);
  const server = await serve(tenFiles);
  const ids: string[] = [];
  // The first call hangs: no answer, no error.
  await page.route('**/api/fn/start_job', async (route) => {
    ids.push(route.request().postDataJSON().id);
    if (ids.length > 1) await route.continue();
  });
  await page.clock.install();
  await open(page, server.url);
  const job = await processAll(page);
  const state = dialog(page, job).locator('.modal-start');
  await expect.poll(() => ids).toEqual([job]);
  await expect(state).toHaveAttribute('data-start', 'calling');
  await page.clock.fastForward(31_000);
  await expect(state).toHaveAttribute('data-start', 'offered');
  await dialog(page, job).getByRole('button', { name: 'Start again' }).click();
  await ends(watched, server, job, 'completed');
  expect(ids).toEqual([job, job]);
  expect(await server.jobs()).toHaveLength(1);
});

test('a start without an answer survives a reload', async ({ page, serve, watched, allow }) => {
  allow(BROKEN);
  const server = await serve(tenFiles);
  let lost = true;
  await page.route('**/api/fn/start_job', (route) => (lost ? route.abort() : route.continue()));
  await open(page, server.url);
  const job = await processAll(page);
  lost = false;
  await page.reload();
  expect(await shownJob(page)).toBe(job);
  await ends(watched, server, job, 'completed');
  expect(await server.jobs()).toHaveLength(1);
});

test('a start that cannot be done says why', async ({ page, serve, allow }) => {
  allow(/the server responded with a status of/);
  const server = await serve(tenFiles);
  await page.route('**/api/fn/start_job', (route) => {
    const body = route.request().postDataJSON();
    body.request.settings = { algorithm: 'crc32' };
    return route.continue({ postData: JSON.stringify(body) });
  });
  await open(page, server.url);
  await page.locator('[data-start="run"]').click();
  await expect(page.locator('#wrong-algorithm')).toContainText('is one of sha256, blake3, both');
  await expect(page.locator('dialog.modal')).toHaveCount(0);
  expect(await server.jobs()).toHaveLength(0);
});
