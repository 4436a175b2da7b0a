// Measures in a real browser how the page feels with many files, and prints one line of JSON for each row of the table
// in docs/performance.md.
// Usage: node benches/feel.mjs ADDRESS [EMPTY] (ADDRESS is of a server whose only library holds many files, none of which has been in a
// job; EMPTY is the folder that benches/empty-page/build made, for the ratio of the time until a page is hydrated)
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const { chromium } = createRequire(new URL('../end2end/package.json', import.meta.url))('playwright-core');
const [address, empty] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const tell = (what, figures) => console.log(JSON.stringify({ what, ...figures }));
const at = (numbers, part) => [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * part))];
const whole = (number) => Math.round(number);

/** Opens a page with this slowdown of the processor, which counts its frames, shifts and slow keys. */
async function opened(path, slower = 1) {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  const client = await page.context().newCDPSession(page);
  await client.send('Emulation.setCPUThrottlingRate', { rate: slower });
  await page.addInitScript(() => {
    Object.assign(window, { frames: [], keys: [], shift: 0 });
    let last = performance.now();
    requestAnimationFrame(function each(now) {
      window.frames.push(now - last);
      last = now;
      requestAnimationFrame(each);
    });
    const watch = (type, take, more = {}) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...more });
    watch('layout-shift', (entry) => (window.shift += entry.hadRecentInput ? 0 : entry.value));
    watch('event', (entry) => entry.name === 'keydown' && window.keys.push(entry.duration), { durationThreshold: 16 });
  });
  await page.goto(new URL(path, address).href);
  await page.locator('main[data-ready]').waitFor({ state: 'attached' });
  const ready = await page.evaluate(() => performance.now());
  return { page, client, ready };
}

const begins = (page) => page.evaluate(() => (window.frames.length = 0));
const seen = (page) => page.evaluate(() => ({ frames: window.frames, keys: window.keys, shift: window.shift }));

/** How long it takes until the last row of a list is there with its name, in milliseconds. */
const jump = async (page, table, name) => whole(await page.evaluate(async ([table, name]) => {
  const begun = performance.now();
  scrollTo(0, document.body.scrollHeight);
  const last = document.querySelector(table).getAttribute('aria-rowcount');
  const isThere = () => document.querySelector(`${table} tr[aria-rowindex="${last}"] ${name}`)?.textContent;
  do await new Promise((done) => requestAnimationFrame(done));
  while (!isThere() && performance.now() - begun < 5_000);
  return performance.now() - begun;
}, [table, name]));

// The first page on the wire.
{
  const page = await (await browser.newContext()).newPage();
  const client = await page.context().newCDPSession(page);
  await client.send('Network.enable');
  let bytes = 0;
  client.on('Network.loadingFinished', (loaded) => (bytes += loaded.encodedDataLength));
  await page.goto(address);
  await page.locator('main[data-ready]').waitFor({ state: 'attached' });
  tell('first page on the wire', { kB: whole(bytes / 1000) });
  await page.context().close();
}

// Headway's page and the empty one by turns, so that both have the same machine.
{
  const types = { html: 'text/html', js: 'text/javascript', wasm: 'application/wasm' };
  const server = empty && createServer(async ({ url }, answer) => {
    const name = url === '/' ? 'index.html' : url.slice(1);
    const type = types[name.split('.').pop()] ?? 'text/plain';
    const bytes = await readFile(`${empty}/${name}`).catch(() => null);
    answer.writeHead(bytes ? 200 : 404, { 'content-type': type }).end(bytes);
  });
  if (server) await once(server.listen(0, '127.0.0.1'), 'listening');
  const paths = ['/', ...(server ? [`http://127.0.0.1:${server.address().port}/`] : [])];
  const times = paths.map(() => []);
  for (let turn = 0; turn < 9; turn++) {
    for (const [which, path] of paths.entries()) {
      const { page, ready } = await opened(path, 4);
      times[which].push(ready);
      await page.context().close();
    }
  }
  const [ours, bare] = times.map((some) => at(some, 0.5));
  tell('hydrated at 4x', { ms: whole(ours), ...(bare && { 'empty page, ms': whole(bare), ratio: Math.round((ours / bare) * 100) / 100 }) });
  server?.close();
}

// The library: search and scrolling.
{
  const { page } = await opened('/');
  await page.waitForTimeout(1_000);
  const before = await page.locator('.ui-pages').innerText();
  const begun = Date.now();
  await page.getByRole('searchbox').fill('7*');
  await page.waitForFunction((before) => document.querySelector('.ui-pages')?.innerText !== before, before);
  tell('library: a search to the screen', { ms: Date.now() - begun });
  await page.getByRole('searchbox').fill('*');
  await page.waitForTimeout(1_500);
  await begins(page);
  for (let turn = 0; turn < 100; turn++) await page.mouse.wheel(0, 1_500);
  const { frames, shift } = await seen(page);
  tell('library: scrolling', { p95: whole(at(frames, 0.95)), worst: whole(at(frames, 1)), shift });
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(500);
  tell('library: jump to the last row', { ms: await jump(page, '.library-list', 'bdi') });
  await page.context().close();
}

// A job over everything: keys and frames while it runs, then its list.
const time = Date.now().toString(16).padStart(12, '0');
const id = `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${randomBytes(6).toString('hex')}`;
{
  const { page, client } = await opened('/', 1);
  const [library] = await (await fetch(`${address}/api/libraries`)).json();
  const body = JSON.stringify({ library: library.name, recipe: 'checksum', query: { folder: {} } });
  const begun = Date.now();
  await fetch(`${address}/api/jobs/${id}`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
  await page.goto(`${address}/jobs/${id}`);
  await page.locator('.job-files[data-followed]').waitFor({ state: 'attached' });
  await client.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await begins(page);
  await page.locator('.items-tools input').focus();
  const status = async () => (await fetch(`${address}/api/jobs/${id}`)).json();
  let now = await status();
  while (!now.ended) {
    await page.keyboard.type('ab', { delay: 150 });
    await page.keyboard.press('Backspace', { delay: 50 });
    await page.keyboard.press('Backspace', { delay: 50 });
    now = await status();
  }
  const { frames, keys, shift } = await seen(page);
  const rate = whole((now.seq * 1_000) / (now.ended - now.created));
  tell('keys in a running job at 4x', { files: now.counters.total, rate, keys: keys.length, worst: whole(at([0, ...keys], 1)), p95: whole(at(frames, 0.95)), shift, ms: Date.now() - begun });
  await page.context().close();
}
{
  const { page } = await opened(`/jobs/${id}`);
  await page.locator('.job-files[data-followed]').waitFor({ state: 'attached' });
  await page.locator('.items tbody tr').first().scrollIntoViewIfNeeded();
  await begins(page);
  for (let turn = 0; turn < 100; turn++) await page.mouse.wheel(0, 1_500);
  const { frames, shift } = await seen(page);
  tell('files of a job: scrolling', { p95: whole(at(frames, 0.95)), worst: whole(at(frames, 1)), shift });
  tell('files of a job: jump to the last row', { ms: await jump(page, '.items', 'a') });
  await page.evaluate(() => scrollTo(0, 0));
  const begun = Date.now();
  await page.locator('.items-tools input').fill('*7');
  await page.waitForFunction(() => document.querySelector('.items-matches')?.textContent);
  tell('files of a job: a filter to the screen', { ms: Date.now() - begun });
  await page.context().close();
}
await browser.close();
