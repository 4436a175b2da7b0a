import { test as base, expect, type Page } from '@playwright/test';
import { Nginx } from './nginx';
import { Server, type Options } from './server';
import { Wire } from './wire';

type Fixtures = {
  /** Makes and starts a server; `fill` puts files into its library first. */
  serve: (fill: (server: Server) => void, options?: Options) => Promise<Server>;
  /** Makes and starts a server behind a wire; the page opens `wire.url`. */
  serveWired: (fill: (server: Server) => void, options?: Options) => Promise<{ server: Server; wire: Wire; url: string }>;
  /** Makes and starts a server behind a real nginx that has these locations. */
  serveBehind: (fill: (server: Server) => void, locations: string, args?: string[]) => Promise<{ server: Server; url: string }>;
  /** Console errors that this spec expects, because it breaks the network on purpose. */
  allow: (pattern: RegExp) => void;
  /** Watches a page's console; every page of a spec is watched. */
  watch: (page: Page) => Watched;
  watched: Watched;
};

/** The messages of a page's console. */
export class Console {
  lines: string[] = [];
  problems: string[] = [];

  protected take(type: string, text: string) {
    if (['error', 'warning', 'assert'].includes(type)) this.problems.push(`${type}: ${text}`);
    else this.lines.push(text);
  }

  /** The console's messages about a job, without their prefix. */
  of(job: string): string[] {
    const prefix = `[JOB ${job}] `;
    return this.lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
  }
}

/** A page and its console. */
export class Watched extends Console {
  constructor(readonly page: Page) {
    super();
    page.on('console', (message) => this.take(message.type(), message.text()));
    page.on('pageerror', (error) => this.problems.push(`uncaught: ${error}`));
    // What a person or a program asks for is refused with a status of its own; 500 is a fault of the server.
    page.on('response', (answer) => answer.status() === 500 && this.problems.push(`internal error: ${answer.request().method()} ${answer.url()}`));
  }
}

export const test = base.extend<Fixtures>({
  serve: async ({}, use) => {
    const servers: Server[] = [];
    await use(async (fill, options) => {
      const server = new Server(options);
      servers.push(server);
      fill(server);
      return server.start();
    });
    for (const server of servers) await server.close();
  },
  serveWired: async ({}, use) => {
    const ends: (() => Promise<void>)[] = [];
    await use(async (fill, options = {}) => {
      const wire = new Wire();
      const url = await wire.listen();
      const server = new Server({ ...options, args: ['--origin', url, ...(options.args ?? [])] });
      // The printed link names the origin; the server itself is behind it.
      fill(server);
      server.url = `http://127.0.0.1:${await freePort()}`;
      await server.start();
      wire.target = server.url;
      ends.push(async () => {
        wire.close();
        await server.close();
      });
      return { server, wire, url };
    });
    for (const end of ends) await end();
  },
  serveBehind: async ({}, use) => {
    const ends: (() => Promise<void>)[] = [];
    await use(async (fill, locations, args = []) => {
      const nginx = new Nginx(await freePort());
      const url = `http://127.0.0.1:${nginx.port}`;
      const server = new Server({ args: ['--origin', url, ...args] });
      fill(server);
      server.url = `http://127.0.0.1:${await freePort()}`;
      await server.start();
      ends.push(async () => {
        await nginx.close();
        await server.close();
      });
      await nginx.start(locations, server.url);
      return { server, url };
    });
    for (const end of ends) await end();
  },
  // This is checked before the servers end, because every open page would report their end.
  watch: async ({ allow: _, serve: _serve, serveWired: _wired, serveBehind: _behind }, use) => {
    const all: Watched[] = [];
    await use((page) => {
      const watched = new Watched(page);
      all.push(watched);
      return watched;
    });
    const problems = all.flatMap((watched) => watched.problems);
    expect(problems.filter((problem) => !allowed.some((pattern) => pattern.test(problem)))).toEqual([]);
    allowed.length = 0;
  },
  allow: async ({}, use) => use((pattern) => allowed.push(pattern)),
  watched: [async ({ page, watch }, use) => use(watch(page)), { auto: true }],
});

const allowed: RegExp[] = [];

/** The messages of Chromium itself when a connection breaks. */
export const BROKEN = /Failed to load resource: net::ERR_/;

/**
 * A port on which nobody listens, below those that the system gives to programs that ask for any port. A port that is free now must still be
 * free when it is used, also for the second of two.
 */
async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const free = await new Promise<boolean>((done) => {
      server.once('error', () => done(false));
      server.listen(port, '127.0.0.1', () => done(true));
    });
    if (!free) continue;
    await new Promise((done) => server.close(done));
    return port;
  }
}

export { expect };
