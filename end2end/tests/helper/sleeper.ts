// A tab that can be put to sleep. Playwright keeps its own pages awake and in front (it emulates focus), so this one is made and
// driven by the DevTools protocol alone: https://chromedevtools.github.io/devtools-protocol/tot/Page/#method-setWebLifecycleState
import type { Browser, CDPSession } from '@playwright/test';
import { expect, Console } from './fixtures';

type Answer = { id?: number; method?: string; params?: any; result?: any; error?: { message: string } };

export class Sleeper extends Console {
  private asked = 0;
  private readonly answers = new Map<number, (answer: Answer) => void>();

  private constructor(
    private readonly browser: CDPSession,
    private readonly targetId: string,
    private readonly sessionId: string,
  ) {
    super();
    browser.on('Target.receivedMessageFromTarget', (event) => {
      if (event.sessionId === sessionId) this.hear(JSON.parse(event.message));
    });
  }

  static async open(browser: Browser, url: string): Promise<Sleeper> {
    const sleeper = await Sleeper.blank(browser);
    await sleeper.load(url);
    return sleeper;
  }

  /** Opens a page in a tab that is hidden before the page begins, as a link that is opened in the background. */
  static async openHidden(browser: Browser, url: string): Promise<Sleeper> {
    const sleeper = await Sleeper.blank(browser);
    await sleeper.freeze();
    await sleeper.thaw();
    await sleeper.load(url);
    return sleeper;
  }

  private static async blank(browser: Browser): Promise<Sleeper> {
    const session = await browser.newBrowserCDPSession();
    const { targetId } = await session.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await session.send('Target.attachToTarget', { targetId, flatten: false });
    const sleeper = new Sleeper(session, targetId, sessionId);
    await sleeper.send('Runtime.enable');
    return sleeper;
  }

  private async load(url: string) {
    await this.send('Page.navigate', { url });
    await this.sees(`document.querySelector('main[data-ready]') !== null`);
  }

  async evaluate(expression: string): Promise<any> {
    return (await this.send('Runtime.evaluate', { expression, returnByValue: true })).result.value;
  }

  /** Waits until an expression holds in the page. */
  async sees(expression: string) {
    await expect.poll(() => this.evaluate(expression), { intervals: [20] }).toBe(true);
  }

  /** Hides the tab and freezes its scripts. */
  async freeze() {
    await this.send('Page.setWebLifecycleState', { state: 'frozen' });
    expect(await this.evaluate('document.visibilityState')).toBe('hidden');
  }

  /** Lets the scripts run again; the tab stays hidden. */
  thaw() {
    return this.send('Page.setWebLifecycleState', { state: 'active' });
  }

  /** Brings the tab to the front. Another tab is shown first, because Chromium brings only a background tab to the front. */
  async show() {
    await this.browser.send('Target.createTarget', { url: 'about:blank' });
    await this.browser.send('Target.activateTarget', { targetId: this.targetId });
    await this.sees(`document.visibilityState === 'visible'`);
  }

  private send(method: string, params: object = {}): Promise<any> {
    const id = ++this.asked;
    const message = JSON.stringify({ id, method, params });
    return new Promise((done, fail) => {
      this.answers.set(id, (answer) => (answer.error ? fail(new Error(`${method}: ${answer.error.message}`)) : done(answer.result)));
      this.browser.send('Target.sendMessageToTarget', { sessionId: this.sessionId, message }).catch(fail);
    });
  }

  private hear(said: Answer) {
    if (said.id !== undefined) {
      this.answers.get(said.id)?.(said);
      this.answers.delete(said.id);
    } else if (said.method === 'Runtime.consoleAPICalled') {
      this.take(said.params.type, said.params.args.map((argument: any) => argument.value ?? argument.description).join(' '));
    } else if (said.method === 'Runtime.exceptionThrown') {
      this.problems.push(`uncaught: ${said.params.exceptionDetails.text}`);
    }
  }
}
