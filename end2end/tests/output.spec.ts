// The output of a running command: the view follows its end, and stays still for somebody who reads further up.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { details, followed, openFile, over } from './helper/job';
import { expect, test } from './helper/fixtures';
import { mint } from './helper/server';

/** `says` prints what is appended to `../script`, in colour on both streams, until `../hold` is gone. */
const config = `
[[command]]
name = "says"
run = ["sh", "-c", "echo complaint >&2; tail -f ../script & while [ -e ../hold ]; do sleep 0.05; done; kill $!; wait; printf '\\\\033[32mthe end\\\\033[0m\\\\n'", "sh", "{}"]
repeatable = true
grace = 1
`;

test('the output of a command is followed while it runs, and stays still while someone reads it', async ({ page, serve }) => {
  const server = await serve((server) => {
    server.file('a');
    server.file('../hold');
    server.file('../script', 'first\n');
  }, { config });
  const say = (text: string) => appendFileSync(join(server.folder, 'script'), text);
  const job = mint();
  await server.put(job, { paths: ['a'] }, { recipe: 'says' });
  await details(page, server, job);
  await openFile(page, 0);
  const stdout = page.locator('.attempts-one pre.attempts-stdout');
  await expect(page.locator('.attempts-one h3')).toContainText('Attempt 1 · running');
  await expect(page.locator('.attempts-one pre.attempts-stderr')).toHaveText('complaint\n');
  await expect(stdout).toHaveText('first\n');

  // The view follows the end.
  for (let line = 0; line < 200; line++) say(`line ${line}\n`);
  await expect(stdout).toContainText('line 199');
  const bottom = () => stdout.evaluate((block) => block.scrollHeight - block.scrollTop - block.clientHeight);
  await expect.poll(bottom).toBeLessThan(24);
  // Further up the view stays still, and the search is kept.
  await stdout.evaluate((block) => (block.scrollTop = 0));
  await expect.poll(bottom).toBeGreaterThan(100);
  say('one more\n');
  await expect(stdout).toContainText('one more');
  expect(await stdout.evaluate((block) => block.scrollTop)).toBe(0);
  await page.getByLabel('Find in the output').fill('MORE');
  await expect(stdout).toHaveText('one more');
  say('and more\n');
  await expect(stdout).toContainText('and more');
  await page.getByLabel('Find in the output').fill('the end');

  server.remove('../hold');
  expect(await over(server, job)).toBe('completed');
  await expect(page.locator('.attempts-one h3')).toContainText('Attempt 1 · exit 0');
  await expect(stdout.locator('.ansi-2')).toHaveText('the end');
  await page.reload();
  await followed(page);
  await expect(stdout).toContainText('and more');
});
