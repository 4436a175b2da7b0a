import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

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
    let errors = '';
    child.stderr.on('data', (text) => (errors += text));
    this.url = await new Promise((found, failed) => {
      let text = '';
      child.stdout.on('data', (more) => {
        text += more;
        const ready = /ready: (http\S+?)\/?\s/.exec(text);
        if (ready) found(ready[1]);
      });
      child.on('exit', (code) => failed(new Error(`the example ended with ${code}: ${errors}`)));
    });
    return this.url;
  }

  async get(path: string): Promise<any> {
    return (await fetch(this.url + path)).json();
  }

  async close() {
    const { child } = this;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((done) => child.on('exit', done));
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
