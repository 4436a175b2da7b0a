import type { Page } from '@playwright/test';
import { expect } from './fixtures';

/** The widths of a small phone, a phone, a tablet and a desktop. */
export const WIDTHS = [320, 390, 640, 1280];

/** A path of 200 characters. */
export const LONG = `${'folder-with-a-long-name-'.repeat(5)}/${'holiday_in_norway_'.repeat(4)}2024.txt`.slice(-200);

/** At every width neither the page nor the dialog is wider than the screen, no cell of a list is cut or covered, and every button of the dialog can be pressed. */
export async function fits(page: Page, what: string) {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 700 });
    const found = await page.evaluate(() => {
      const boxes = [document.documentElement, ...document.querySelectorAll('dialog[open]')];
      const wide = boxes.filter((box) => box.scrollWidth > box.clientWidth).map((box) => {
        const over = [...box.querySelectorAll('*')].filter((part) => part.getBoundingClientRect().right > box.getBoundingClientRect().left + box.clientWidth + 1);
        const names = over.slice(-3).map((part) => `${part.tagName.toLowerCase()}.${part.className}`);
        return `${box.tagName.toLowerCase()} has ${box.scrollWidth} px in ${box.clientWidth}: ${names}`;
      });
      const right = (part: Element) => part.getBoundingClientRect().right;
      // A cell with an ellipsis says by itself that there is more.
      const cells = [...document.querySelectorAll('.ui-listing td')].filter((cell) => getComputedStyle(cell).textOverflow !== 'ellipsis');
      const cut = cells.filter((cell) => [...cell.querySelectorAll('*:not(.ui-hidden)')].some((part) => right(part) > right(cell) + 1));
      // What a cell shows stands inside its row, and never over what another cell shows.
      const shown = (cell: Element) => {
        const range = document.createRange();
        range.selectNodeContents(cell);
        const { left, right, top, bottom, width, height } = range.getBoundingClientRect();
        return width > 1 && height > 1 ? [{ left, right: Math.min(right, cell.getBoundingClientRect().right), top, bottom }] : [];
      };
      const covered = [...document.querySelectorAll('.ui-listing tbody tr')].filter((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        const boxes = [...row.querySelectorAll('td')].filter((cell) => cell.checkVisibility()).flatMap(shown);
        const meet = (a: (typeof boxes)[0], b: (typeof boxes)[0]) =>
          Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
        return boxes.some((box, at) => box.top < top - 1 || box.bottom > bottom + 1 || boxes.slice(at + 1).some((other) => meet(box, other)));
      });
      const buttons = [...document.querySelectorAll<HTMLElement>('dialog[open] > .ui-buttons :is(button, a)')];
      const unseen = buttons.filter((button) => {
        const { left, top, width, height } = button.getBoundingClientRect();
        const there = document.elementFromPoint(left + width / 2, top + height / 2);
        return !(there && button.contains(there));
      });
      return [...wide, ...cut.map((cell) => `${cell.className} is cut: ${cell.textContent}`), ...covered.map((row) => `words of a row cover each other: ${row.textContent}`), ...unseen.map((button) => `${button.textContent} cannot be seen`)];
    });
    expect(found, `${what} at ${width} px`).toEqual([]);
  }
}

/** Everything in the bar at the top stands on one line. */
export async function hasOneLine(page: Page) {
  const middles = await page.locator('.page-bar > *:visible').evaluateAll((all) =>
    // An element without a box of its own has no place.
    all.map((one) => one.getBoundingClientRect()).filter(({ height }) => height > 0).map(({ top, bottom }) => (top + bottom) / 2),
  );
  expect(Math.max(...middles) - Math.min(...middles)).toBeLessThan(8);
}
