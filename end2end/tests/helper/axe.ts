import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import { expect } from './fixtures';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The page now breaks no rule of WCAG 2.2 A and AA that a program can check, and follows axe's best practices. */
export async function accessible(page: Page, what: string) {
  // The page's policy allows only its own scripts, but does not apply to scripts that a debugger evaluates.
  await page.evaluate(AXE);
  const broken = await page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await (window as any).axe.run(document, {
      runOnly: { type: 'tag', values: tags },
      rules: { 'target-size': { enabled: true } },
      resultTypes: ['violations'],
    });
    return violations.flatMap((rule: any) => rule.nodes.map((node: any) => `${rule.id}: ${node.html.slice(0, 160)} ${node.failureSummary}`));
  });
  expect(broken, what).toEqual([]);
}
