// A job's own page, and commands that wait as long as a spec needs.
import type { Page } from '@playwright/test';
import { expect } from './fixtures';
import type { Server } from './server';

/**
 * `upper` replaces files. `slow` waits while `../hold` or `../hold-NAME` exists, then prints something and ends with the code that the
 * file contains. `tells` reports its progress, then waits in the same way.
 */
export const config = `
allow_commands = true

[[command]]
name = "upper"
summary = "Writes capitals."
run = ["sh", "-c", "tr a-z A-Z < \\"$1\\" > \\"$2\\"", "sh", "{}", "{out}"]

[[command]]
name = "slow"
run = ["sh", "-c", "while [ -e ../hold ] || [ -e ../hold-$1 ]; do sleep 0.05; done; echo said; echo wrong >&2; exit $(cat \\"$1\\")", "sh", "{}"]
repeatable = true
grace = 1

[[command]]
name = "tells"
run = ["sh", "-c", "echo '{\\"progress\\":0.1}'; while [ -e ../hold ]; do sleep 0.05; done", "sh", "{}"]
repeatable = true
grace = 1
`;

export const three = (server: Server) => ['a', 'b', 'c'].forEach((name) => server.file(name, `text ${name}`));
export const button = (page: Page, action: string) => page.locator(`.head-actions [data-action="${action}"]`);
export const status = (page: Page) => page.locator('.job-panel .status-badge').first();
/** Opens the sheet on which a person chooses what is done, and waits until it is loaded. */
export async function sheet(page: Page) {
  if (!(await page.locator('.start-sheet[open]').count())) await page.locator('.start-sheet > summary').click();
  await expect(page.locator('.start-cards')).toBeVisible();
}

export async function choose(page: Page, recipe: string) {
  await sheet(page);
  await page.locator(`.start-card input[value="${recipe}"]`).check();
}
/** The sentence that describes the job's state. */
export const standing = (page: Page) => page.locator('.job-panel .head-standing');
export const count = (page: Page, word: string) => page.locator(`.job-panel .head-count[data-status="${word}"] .head-number`);

/** Opens a job's page and waits until it listens. */
export async function details(page: Page, server: Server, job: string, query = '') {
  // The start call can still be under way, and leaving the page now would abort it.
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).job).toBe(job);
  await page.goto(`${server.url}/jobs/${job}${query}`);
  await followed(page);
}

/** Waits until the page has received the job, and does not only show what the server rendered. */
export async function followed(page: Page) {
  await expect(page.locator('.job-files[data-followed]')).toBeAttached();
}

/** Opens a file of the list, counted from 0. */
export async function openFile(page: Page, number: number) {
  await page.locator('.items tbody tr').nth(number).locator('a').click();
  await expect(page.locator('.drawer h2')).toBeFocused();
}

/** Starts a job of a recipe as a program would, and returns its id. */
export async function begin(server: Server, job: string, recipe: string, more: object = {}) {
  const body = JSON.stringify({ library: 'files', recipe, query: { folder: {} }, ...more });
  const answer = await fetch(`${server.url}/api/jobs/${job}`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
  expect(answer.status, await answer.text()).toBe(201);
  return job;
}

/** Waits until a job has ended, and returns its status. */
export async function over(server: Server, job: string): Promise<string> {
  const isOver = /completed|failed|cancelled/;
  await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).status, { timeout: 60_000 }).toMatch(isOver);
  return (await server.get(`/api/jobs/${job}`)).status;
}
