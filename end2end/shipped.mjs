// shipped.mjs PROGRAM SITE: opens every kind of page with the client that is shipped. The browser tests use one that is quick to build,
// so a fault of the optimiser, or of what makes the client small, would be seen by nobody else.
import { chromium } from '@playwright/test';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const [program, site] = process.argv.slice(2);
const root = mkdtempSync(join(tmpdir(), 'headway-shipped-'));
const files = join(root, 'files');
mkdirSync(files);
writeFileSync(join(files, 'a'), 'a');
const server = spawn(program, ['serve', files, '--data', join(root, 'data'), '--listen', '127.0.0.1:0', '--site', site]);
const errors = [];
server.stderr.on('data', (text) => errors.push(text));
const timer = setTimeout(() => end(1, 'not ended after two minutes'), 120_000);

function end(code, said) {
  clearTimeout(timer);
  server.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
  if (said) console.error(said, code ? errors.join('') : '');
  process.exit(code);
}

server.on('exit', (code) => end(1, `the server ended with ${code}`));
for await (const line of createInterface({ input: server.stdout })) {
  const url = /open (\S+)/.exec(line)?.[1].replace(/\/$/, '');
  if (url) {
    await visit(url).then(() => end(0), (error) => end(1, String(error)));
  }
}

async function visit(url) {
  // A UUIDv7.
  const time = Date.now().toString(16).padStart(12, '0');
  const job = `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage();
  const broken = [];
  page.on('pageerror', (error) => broken.push(String(error)));
  const started = await fetch(`${url}/api/v1/jobs/${job}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ library: 'files', recipe: 'checksum', query: { folder: {} } }),
  });
  if (started.status !== 201) throw new Error(`a job was refused: ${await started.text()}`);
  for (const path of ['/', '/jobs', `/jobs/${job}`, '/nothing']) {
    await page.goto(url + path);
    await page.waitForSelector('main[data-ready="true"]', { timeout: 30_000 });
    if (broken.length) throw new Error(`${path}: ${broken.join('; ')}`);
  }
  await page.goto(url);
  await page.waitForSelector('main[data-ready="true"]');
  await page.getByRole('link', { name: 'Jobs', exact: true }).first().click();
  await page.locator(`a[href="/jobs/${job}"]`).first().waitFor({ timeout: 30_000 });
  if (broken.length) throw new Error(broken.join('; '));
  await browser.close();
}
