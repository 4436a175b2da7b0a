// Opens a job's page in a real browser and prints, for each change of the count of done files, the count and when the
// document showed it, in ms since 1970.
// Usage: node benches/page.mjs ADDRESS (prints "ready" once the page listens, ends after the line "end" on its input)
import { createRequire } from 'node:module';

const { chromium } = createRequire(new URL('../end2end/package.json', import.meta.url))('playwright-core');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const page = await browser.newPage();
await page.goto(process.argv[2]);
await page.locator('main[data-ready]').waitFor({ state: 'attached' });
await page.evaluate(() => {
  window.shown = [];
  const look = () => {
    const done = document.querySelector('dialog.modal .head-done')?.textContent ?? '';
    const count = Number((done.match(/^[\d,]+/)?.[0] ?? '').replaceAll(',', ''));
    if (count && window.shown.at(-1)?.[0] !== count) {
      window.shown.push([count, performance.timeOrigin + performance.now()]);
    }
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
});
await page.locator('[data-start="run"]').click();
console.log('ready');
for await (const bytes of process.stdin) if (String(bytes).includes('end')) break;
// The last change can still be under way.
await page.waitForTimeout(1000);
for (const [count, at] of await page.evaluate(() => window.shown)) console.log(count, at);
await browser.close();
