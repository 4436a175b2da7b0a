// A test of the tests: in a browser made to behave like the earlier system, they must fail.
import { ends, everyStep, open, processAll, tenFiles } from './helper/page';
import { BROKEN, expect, test } from './helper/fixtures';

/**
 * The old order: the page knows its job only after it has read the start call's answer. Earlier events of the
 * job are thrown away, and no event is sent twice.
 */
function oldOrder() {
  let answered = false;
  const said = new Set<number>();
  const fetched = window.fetch;
  window.fetch = async (...call) => {
    const answer = await fetched(...call);
    if (String((call[0] as Request).url ?? call[0]).includes('/api/fn/start_job')) answered = true;
    return answer;
  };
  const listen = Object.getOwnPropertyDescriptor(EventSource.prototype, 'onmessage')!;
  Object.defineProperty(EventSource.prototype, 'onmessage', {
    set(listener: ((event: MessageEvent) => void) | null) {
      const judged = (event: MessageEvent) => {
        const message = JSON.parse(event.data);
        if (message.kind !== 'events') return ['hello', 'caught_up'].includes(message.kind) ? listener?.(event) : undefined;
        const events = message.frames.flatMap((frame: any) => frame.events);
        const known = events.some((one: any) => said.has(one.seq));
        events.forEach((one: any) => said.add(one.seq));
        if (answered && !known) listener?.(event);
      };
      listen.set!.call(this, listener ? judged : null);
    },
  });
}

test.beforeEach(async ({ page }) => page.addInitScript(oldOrder));

/** The checks of `race.spec.ts`, with shorter time-outs. */
const fails = async (check: () => Promise<unknown>) => {
  let failed = false;
  await Promise.race([check().catch(() => (failed = true)), new Promise((done) => setTimeout(done, 8_000))]);
  return failed;
};

test('with the old order an instant job never ends on the page', async ({ page, serve, watched }) => {
  const server = await serve(tenFiles);
  await page.route('**/api/fn/start_job', async (route) => {
    // The answer takes as long as answers take on a real network.
    const answer = await route.fetch();
    await expect.poll(async () => (await server.jobs())[0]?.status).toBe('completed');
    await route.fulfill({ response: answer });
  });
  await open(page, server.url);
  const job = await processAll(page);
  await expect.poll(async () => (await server.jobs())[0]?.status).toBe('completed');
  await fails(() => ends(watched, server, job, 'completed'));
  expect(watched.of(job)).not.toContain('finished: completed');
  expect(() => everyStep(watched, job, 10)).toThrow();
});

test('with the old order a lost answer leaves the page without its job', async ({ page, serve, watched, allow }) => {
  allow(BROKEN);
  const server = await serve(tenFiles);
  await page.route('**/api/fn/start_job', async (route) => {
    await route.fetch();
    await route.abort();
  });
  await open(page, server.url);
  const job = await processAll(page);
  await expect.poll(async () => (await server.jobs())[0]?.status).toBe('completed');
  await fails(() => ends(watched, server, job, 'completed'));
  expect(watched.of(job)).toEqual([]);
});
