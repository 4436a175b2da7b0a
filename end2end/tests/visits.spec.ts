// A page frees what it holds when it is left.
import type { CDPSession } from '@playwright/test';
import { ends, open, processAll, tenFiles } from './helper/page';
import { expect, test } from './helper/fixtures';

const VISITS = 100;

test(`after ${VISITS} visits of a job's page there are as many listeners and nodes as before, and as much memory`, async ({ page, serve, watched }) => {
  const server = await serve(tenFiles);
  await open(page, server.url);
  const job = await processAll(page);
  await ends(watched, server, job, 'completed');
  await page.keyboard.press('Escape');
  await page.getByRole('navigation', { name: 'Pages', exact: true }).getByRole('link', { name: 'Jobs' }).click();
  const visit = (times: number) =>
    page.evaluate(async ([job, times]) => {
      const there = async (what: string) => {
        while (!document.querySelector(what)) await new Promise(requestAnimationFrame);
      };
      for (let visit = 0; visit < Number(times); visit++) {
        await there(`tr[data-job="${job}"] a`);
        document.querySelector<HTMLElement>(`tr[data-job="${job}"] a`)?.click();
        await there(`section.job-panel[data-job="${job}"]`);
        await there('table.items tbody tr');
        history.back();
        await there('table.jobs-history');
      }
    }, [job, String(times)]);
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  // What the first visit makes once is not a leak.
  await visit(5);
  const before = await held(session);
  await visit(VISITS);
  const after = await held(session);
  expect(after.JSEventListeners - before.JSEventListeners).toBeLessThan(VISITS / 10);
  expect(after.Nodes - before.Nodes).toBeLessThan(VISITS);
  expect(after.JSHeapUsedSize - before.JSHeapUsedSize).toBeLessThan(VISITS * 5_000);
});

async function held(session: CDPSession): Promise<Record<string, number>> {
  await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  return Object.fromEntries(metrics.filter(({ name }) => ['JSEventListeners', 'Nodes', 'JSHeapUsedSize'].includes(name)).map(({ name, value }) => [name, value]));
}
