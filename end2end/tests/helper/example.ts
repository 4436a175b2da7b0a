import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { address, ended } from './program';

const TARGET = process.env.CARGO_TARGET_DIR ?? resolve(import.meta.dirname, '../../../target');
const PROGRAM = join(TARGET, 'debug/headway-example-leptos');

/** The app of examples/leptos, on files made for it. */
export class Example {
  private readonly folder = mkdtempSync(join(tmpdir(), 'headway-example-'));
  private child?: ChildProcess;
  private url = '';

  constructor() {
    mkdirSync(join(this.folder, 'files'));
  }

  file(path: string, content = path) {
    writeFileSync(join(this.folder, 'files', path), content);
  }

  /** Starts the app, which is opened under this origin; returns its own address. */
  async start(origin: string): Promise<string> {
    const site = join(TARGET, 'site-leptos/pkg');
    const child = spawn(PROGRAM, [join(this.folder, 'data'), join(this.folder, 'files'), site, origin], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    this.url = await address(child, 'the example', /ready: (http\S+?)\/?\s/);
    return this.url;
  }

  async get(path: string): Promise<any> {
    return (await fetch(this.url + path)).json();
  }

  async close() {
    await ended(this.child, (child) => child.kill('SIGKILL'));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
