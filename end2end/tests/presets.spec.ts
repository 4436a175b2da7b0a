// Presets on the page: saved from the sheet, chosen, replaced and deleted; and those that a terminal or a program has saved.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { accessible } from './helper/axe';
import { begin, choose, config, over, sheet, three } from './helper/job';
import { open, shownJob } from './helper/page';
import { expect, test } from './helper/fixtures';
import { mint, type Server } from './helper/server';
import { fits } from './helper/widths';

const REFUSED = /the server responded with a status of 4\d\d/;
const ALL = 'all-all-all-all-all';
const READING = 'reading-reading-reading';

const list = (page: Page) => page.locator('.start-presets');
const preset = (page: Page, name: string) => page.locator(`.start-preset[data-preset="${name}"]`);
const take = (page: Page, name: string) => preset(page, name).locator('button.start-preset-card').click();
const opener = (page: Page) => page.getByRole('button', { name: 'Save as preset…' });
const field = (page: Page) => page.getByLabel('Name of the preset');
const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true });
const said = (page: Page) => page.locator('.start-save [role="status"]');
const unfold = (page: Page) => page.locator('.start-policy').evaluateAll((all) => all.forEach((one) => one.setAttribute('open', '')));

/** The page is accessible, seen whole: in a lower window the bar at the bottom lies over a part of the sheet. */
async function isAccessible(page: Page, what: string) {
  await page.setViewportSize({ width: 1100, height: 2_400 });
  await accessible(page, what);
  await page.setViewportSize({ width: 1100, height: 800 });
}

/** Stores a preset as a program does. */
async function store(server: Server, name: string, request: object, headers: Record<string, string> = {}) {
  const body = JSON.stringify({ library: 'files', query: { folder: {} }, ...request });
  const address = `${new URL(server.url).origin}/api/v1/presets/${name}`;
  const answer = await fetch(address, { method: 'PUT', headers: { 'content-type': 'application/json', ...headers }, body });
  expect(answer.status, await answer.text()).toBe(200);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`what the sheet says is saved, fills the sheet again, can be changed, and runs, ${colorScheme}`, async ({ page, serve }) => {
    test.slow();
    await page.emulateMedia({ colorScheme });
    const server = await serve(three, { config });
    await open(page, server.url);
    await choose(page, 'upper');
    await page.locator('select[name="output"]').selectOption('beside');
    await page.locator('[name="output-name"]').fill('{/.}.big');
    await unfold(page);
    await page.locator('[name="tries"]').fill('3');
    await page.locator('[name="on_done"][value="again"]').check();
    await page.locator('[name="timeout"][value="after"]').check();
    await page.locator('[name="timeout_after"]').fill('2');
    await page.locator('[name="timeout_unit"]').selectOption('h');
    await page.locator('[name="exclude"]').fill('c');
    await expect(list(page)).toHaveCount(0);
    await opener(page).click();
    await expect(field(page)).toBeFocused();
    await field(page).fill('capitals');
    await save(page).click();
    await expect(said(page)).toHaveText('Saved as capitals. In a terminal: headway preset run capitals');
    await expect(opener(page)).toBeFocused();
    await expect(page.getByRole('heading', { name: 'Presets' })).toBeVisible();
    await expect(preset(page, 'capitals')).toContainText('Upper');
    await expect(preset(page, 'capitals')).toContainText('Writes capitals. Writes a new file beside each');

    await open(page, server.url);
    await sheet(page);
    await take(page, 'capitals');
    await expect(page.locator('.start-card input:checked')).toHaveValue('upper');
    await expect(page.locator('.start-from')).toContainText('Filled in from the preset capitals.');
    await expect(page.locator('.start-from')).toContainText('those in files');
    await expect(page.locator('select[name="output"]')).toHaveValue('beside');
    await expect(page.locator('[name="output-name"]')).toHaveValue('{/.}.big');
    await expect(page.locator('[name="tries"]')).toHaveValue('3');
    await expect(page.locator('[name="on_done"][value="again"]')).toBeChecked();
    await expect(page.locator('[name="timeout_after"]')).toHaveValue('2');
    await expect(page.locator('[name="timeout_unit"]')).toHaveValue('h');
    await expect(page.locator('[name="exclude"]')).toHaveValue('c');
    await isAccessible(page, 'a preset that was chosen');
    // A recipe that is chosen ends it; the preset can be chosen again.
    await choose(page, 'checksum');
    await expect(page.locator('.start-from')).toBeHidden();
    await take(page, 'capitals');
    await unfold(page);
    await page.locator('[name="tries"]').fill('2');
    await page.locator('[data-start="run"]').click();
    const job = await shownJob(page);
    expect(await over(server, job)).toBe('completed');
    expect((await server.get(`/api/jobs/${job}`)).request).toMatchObject({
      recipe: 'upper',
      output: { place: { beside: { name: '{/.}.big' } } },
      policy: { tries: 2, on_done: 'again', timeout: '7200s' },
      query: { folder: { exclude: ['c'] } },
    });
    expect([server.read('a.big'), server.read('b.big')]).toEqual(['TEXT A', 'TEXT B']);
  });
}

test('what was entered before a preset was chosen is not left in any field', async ({ page, serve }) => {
  const server = await serve(three, { config });
  await store(server, 'plain', { recipe: 'checksum' });
  await open(page, server.url);
  await choose(page, 'checksum');
  await unfold(page);
  await page.locator('select[name="algorithm"]').selectOption('blake3');
  await page.locator('[name="tries"]').fill('9');
  await page.locator('[name="halt"][value="count"]').check();
  await page.locator('[name="system_files"]').check();
  await page.locator('[name="exclude"]').fill('b');
  await take(page, 'plain');
  await expect(page.locator('select[name="algorithm"]')).not.toHaveValue('blake3');
  await expect(page.locator('[name="tries"]')).toHaveValue('1');
  await expect(page.locator('[name="halt"][value=""]')).toBeChecked();
  await expect(page.locator('[name="system_files"]')).not.toBeChecked();
  await expect(page.locator('[name="exclude"]')).toHaveValue('');
  await page.locator('[data-start="run"]').click();
  const job = await shownJob(page);
  expect(await over(server, job)).toBe('completed');
  const { request, counters } = await server.get(`/api/jobs/${job}`);
  // The field of a choice names its default.
  expect([request.settings, request.policy ?? {}, counters.total]).toEqual([{ algorithm: 'sha256' }, {}, 3]);
});

test('a text that is no name is refused at its field, and a name that is taken is asked about', async ({ page, serve, allow }) => {
  allow(REFUSED);
  const server = await serve(three, { config });
  await store(server, 'mine', { recipe: 'checksum', settings: { algorithm: 'blake3' } });
  const algorithm = async () => (await server.get('/api/v1/presets')).mine.settings.algorithm;
  await open(page, server.url);
  await choose(page, 'checksum');
  await expect(preset(page, 'mine')).toBeVisible();
  await opener(page).click();
  await field(page).fill('no name');
  await save(page).click();
  await expect(page.locator('#wrong-preset-name')).toContainText('letters, digits, - or _');
  await expect(field(page)).toHaveAttribute('aria-invalid', 'true');
  await expect(field(page)).toBeFocused();
  await isAccessible(page, 'a name that is refused');
  await field(page).fill('mine');
  await expect(page.locator('#wrong-preset-name')).toBeEmpty();
  await field(page).press('Enter');
  const question = page.locator('.start-save-question');
  await expect(question).toContainText('There is already a preset mine.');
  await isAccessible(page, 'a name that is taken');
  await page.locator('.start-save').getByRole('button', { name: 'Keep it' }).click();
  await expect(question).toBeEmpty();
  expect(await algorithm()).toBe('blake3');
  await save(page).click();
  await page.getByRole('button', { name: 'Replace it' }).click();
  await expect(said(page)).toContainText('Saved as mine.');
  expect(await algorithm()).toBeUndefined();
});

test('a preset is deleted only after a question', async ({ page, serve }) => {
  const server = await serve(three, { config });
  const name = 'x'.repeat(64);
  await store(server, name, { recipe: 'checksum' });
  await store(server, 'other', { recipe: 'upper' });
  await open(page, server.url);
  await sheet(page);
  await take(page, name);
  const first = preset(page, name);
  await first.getByRole('button', { name: `Delete the preset ${name}` }).click();
  await expect(first.getByRole('button', { name: 'Keep it' })).toBeFocused();
  await expect(first).toContainText('A schedule or a watched folder that uses it will start nothing.');
  await isAccessible(page, 'the question before a preset is deleted');
  await fits(page, 'presets');
  await page.setViewportSize({ width: 1100, height: 800 });
  await page.keyboard.press('Escape');
  await expect(first.getByRole('button', { name: `Delete the preset ${name}` })).toBeFocused();
  expect(Object.keys(await server.get('/api/v1/presets'))).toHaveLength(2);
  for (const [gone, near] of [[name, page.getByRole('heading', { name: 'Presets' })], ['other', opener(page)]] as const) {
    await preset(page, gone).getByRole('button', { name: `Delete the preset ${gone}` }).click();
    await preset(page, gone).getByRole('button', { name: `Delete ${gone} for good` }).click();
    await expect(preset(page, gone)).toHaveCount(0);
    await expect(near).toBeFocused();
  }
  await expect(list(page)).toHaveCount(0);
  expect(await server.get('/api/v1/presets')).toEqual({});
});

test('a preset of a terminal is there when the sheet is opened, keeps what has no field, and can run as it was saved', async ({ page, serve }) => {
  const server = await serve(three, { config });
  const policy = { tries: 2, backoff_ms: 1_500, halt: 'now,fail=1', timeout: '250%' };
  const asked = { settings: { algorithm: 'blake3' }, query: { paths: ['a'] }, policy, priority: 3, concurrency: 2 };
  const first = await begin(server, mint(), 'checksum', asked);
  await over(server, first);
  await open(page, server.url);
  expect(server.command('preset', 'save', 'sums', first)).toBe(0);
  await sheet(page);
  await take(page, 'sums');
  await expect(page.locator('select[name="algorithm"]')).toHaveValue('blake3');
  await expect(page.locator('.start-policies')).toContainText('try it 2 times, with a first pause of 1 s, then stop the job at once after 1 failure');
  await expect(page.locator('.start-policies')).toContainText('stop it after 250 % of the typical time');
  await expect(page.locator('.start-from')).toContainText('1 selected file or folder of files');
  const pace = page.getByLabel('As in the preset: at most 2 files at once, priority 3');
  await expect(pace).toBeChecked();
  const request = async (job: string) => (await server.get(`/api/jobs/${job}`)).request;
  await page.locator('[data-start="run"]').click();
  const here = await shownJob(page);
  expect(await over(server, here)).toBe('completed');
  expect(await request(here)).toMatchObject({ ...asked, query: { folder: {} } });
  await page.keyboard.press('Escape');
  await expect(page.locator('dialog')).toHaveCount(0);
  await pace.uncheck();
  await page.getByRole('button', { name: 'Show the plan' }).click();
  const unpaced = await shownJob(page);
  await expect.poll(async () => (await server.get(`/api/jobs/${unpaced}`)).status).toBe('planned');
  expect((await request(unpaced)).priority ?? 0).toBe(0);
  await page.locator('dialog').getByRole('button', { name: 'Discard' }).click();
  expect(await over(server, unpaced)).toBe('cancelled');
  await page.keyboard.press('Escape');
  await expect(page.locator('dialog')).toHaveCount(0);
  await page.getByRole('button', { name: 'Run as saved' }).click();
  const saved = await shownJob(page);
  await over(server, saved);
  expect(await request(saved)).toMatchObject(asked);
});

test('a preset whose recipe is not here says so, and can only be deleted', async ({ page, serve }) => {
  const server = await serve(three, { config });
  await store(server, 'old', { recipe: 'upper' });
  await server.stop();
  writeFileSync(join(server.folder, 'headway.toml'), 'allow_commands = true\n');
  await server.start();
  await open(page, server.url);
  await sheet(page);
  await expect(preset(page, 'old')).toContainText('There is no recipe Upper on this page.');
  await expect(preset(page, 'old').locator('button.start-preset-card')).toHaveCount(0);
  await expect(preset(page, 'old').getByRole('button', { name: 'Delete the preset old' })).toBeVisible();
});

test('presets that cannot be read say so in their place, and come when they can be read', async ({ page, serve, allow }) => {
  allow(/net::ERR_FAILED|Failed to fetch|Fetch API cannot load/);
  const server = await serve(three, { config });
  await store(server, 'sums', { recipe: 'checksum' });
  await page.route('**/api/fn/presets*', (route) => route.abort());
  await open(page, server.url);
  await sheet(page);
  const failed = page.locator('.start-choices').getByRole('alert').filter({ hasText: 'did not answer' });
  await expect(failed.getByRole('button', { name: 'Try again' })).toBeVisible();
  await page.unroute('**/api/fn/presets*');
  await expect(preset(page, 'sums')).toBeVisible();
  await expect(failed).toHaveCount(0);
});

test('with a token that only reads there is nothing to save, and no preset can be changed', async ({ page, serve }) => {
  const tokens = mkdtempSync(join(tmpdir(), 'headway-tokens-'));
  writeFileSync(join(tokens, 'all'), ALL);
  writeFileSync(join(tokens, 'reading'), READING);
  const args = ['--token-file', join(tokens, 'all'), '--read-token-file', join(tokens, 'reading')];
  const server = await serve(three, { config, args });
  const home = new URL(server.url).origin;
  await store(server, 'sums', { recipe: 'checksum' }, { authorization: `Bearer ${ALL}` });
  await page.goto(`${home}/login?token=${READING}`);
  await expect(page.locator('main[data-ready]')).toBeAttached();
  await expect(page.locator('.ui-listing tbody tr')).toHaveCount(3);
  await expect(opener(page)).toHaveCount(0);
  await expect(list(page)).toHaveCount(0);
  const call = async (name: string, body: object) => {
    const headers = { authorization: `Bearer ${READING}`, 'content-type': 'application/json' };
    return (await fetch(`${home}/api/fn/${name}`, { method: 'POST', headers, body: JSON.stringify(body) })).status;
  };
  expect(await call('remove_preset', { name: 'sums' })).toBe(403);
  expect(await call('presets', {})).toBe(200);
  rmSync(tokens, { recursive: true, force: true });
});
