// screenshots.mjs PROGRAM: takes the screenshots of README.md and docs/ from a running server. Call it after a change of what they show.
import { chromium } from '@playwright/test';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const [program] = process.argv.slice(2);
const root = mkdtempSync(join(tmpdir(), 'headway-screenshots-'));
const photos = join(root, 'photos');
const docs = new URL('../docs/', import.meta.url).pathname;

// Three years of photos. The content of a file says how the command `develop` ends on it.
const albums = ['2023/Garden', '2024/Norway', '2025/Zürich'];
for (let number = 0; number < 120; number++) {
  const folder = join(photos, albums[number % albums.length]);
  mkdirSync(folder, { recursive: true });
  const name = join(folder, `IMG_${4000 + number}.jpg`);
  const end = number % 17 === 11 ? '2' : number % 29 === 10 ? '66' : '0';
  writeFileSync(name, end.padEnd(20_000 + ((number * 7919) % 90_000)));
  const time = Date.UTC(2023 + (number % 3), 5, 1 + (number % 28), 9, number % 60) / 1000;
  utimesSync(name, time, time);
}
writeFileSync(
  join(root, 'headway.toml'),
  `
[[command]]
name = "develop"
summary = "Develops each photo."
run = ["sh", "-c", "sleep 0.2; case $(head -c 2 \\"$1\\") in 2*) echo 'error: unsupported colour profile' >&2; exit 2;; 66) echo 'cannot open codec' >&2; exit 66;; esac", "sh", "{}"]

[[command]]
name = "rewrite"
summary = "Writes each photo smaller."
run = ["sh", "-c", "head -c 9000 \\"$1\\" > \\"$2\\"", "sh", "{}", "{out}"]
`,
);
const options = ['--data', join(root, 'data'), '--config', join(root, 'headway.toml'), '--listen', '127.0.0.1:0', '--workers', '2'];
const server = spawn(program, ['serve', photos, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });

try {
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /open (\S+)/.exec(line)?.[1].replace(/\/$/, '');
    if (url) {
      await visit(url);
      break;
    }
  }
} finally {
  server.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
}

async function visit(url) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage({ viewport: { width: 1100, height: 800 } });
  const take = (name) => page.screenshot({ path: join(docs, name) });
  const open = async (path) => {
    await page.goto(url + path);
    await page.waitForSelector('main[data-ready]');
  };
  const begin = async (recipe, more) => {
    const time = Date.now().toString(16).padStart(12, '0');
    const job = `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
    const body = JSON.stringify({ library: 'photos', recipe, query: { folder: {} }, ...more });
    const answer = await fetch(`${url}/api/v1/jobs/${job}`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body });
    if (answer.status !== 201) throw new Error(await answer.text());
    return `/jobs/${job}`;
  };
  const ended = async (path) => {
    for (;;) {
      const { status } = await (await fetch(`${url}/api/v1${path}`)).json();
      if (/^(completed|failed|cancelled)/.test(typeof status === 'string' ? status : status.status)) return;
      await page.waitForTimeout(200);
    }
  };

  const job = await begin('develop');
  await open(job);
  await page.locator('.head-work-left', { hasText: 'left' }).waitFor();
  await page.waitForFunction(() => parseInt(document.querySelector('.head-count[data-status="succeeded"] .head-number').textContent) >= 55);
  await take('screenshot.png');
  await ended(job);

  await page.setViewportSize({ width: 390, height: 844 });
  await open(job);
  await page.locator('.attention-cause').first().waitFor();
  await take('phone.png');

  await page.setViewportSize({ width: 1280, height: 800 });
  await open('/?library=photos&folder=2024/Norway');
  await page.waitForTimeout(1000);
  await take('library.png');

  const plan = await begin('rewrite', { approval: true, output: { place: 'replace' } });
  await open(plan);
  await page.locator('[data-action="approve"]').waitFor();
  await page.waitForTimeout(1000);
  await take('plan.png');
  await browser.close();
}
