import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { address, ended } from './program';

const ROOT = resolve(import.meta.dirname, '../../..');
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target');
const PROGRAM = join(TARGET, 'debug/headway');

export type Options = {
  /** More arguments of `headway serve`. */
  args?: string[];
  /** The content of its `headway.toml`. */
  config?: string;
  /** Run without root's special rights, so that an unreadable file is unreadable to root too. */
  weak?: boolean;
  /** System calls of the server that fail, in the form of `strace -e inject=`. */
  failing?: string;
};

/** The real server, on files made for it, in folders that are removed with it. */
export class Server {
  readonly folder = mkdtempSync(join(tmpdir(), 'headway-e2e-'));
  readonly library = join(this.folder, 'files');
  /** While a file with this name exists, no job completes its last step. */
  readonly holdsFinishing = join(this.folder, 'holds-finishing');
  url = '';
  /** What the server crashes at, as HEADWAY_FAULT. */
  fault = `finishing while ${this.holdsFinishing}`;
  private child?: ChildProcess;

  constructor(private options: Options = {}) {
    mkdirSync(this.library);
    if (options.config) {
      const path = join(this.folder, 'headway.toml');
      writeFileSync(path, options.config);
      this.options = { ...options, args: [...(options.args ?? []), '--config', path] };
    }
  }

  /** A file with this content. */
  file(path: string, content = path) {
    const full = join(this.library, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
  }

  /** Removes a file. */
  remove(path: string) {
    rmSync(join(this.library, path));
  }

  /** The content of a file now. */
  read(path: string): string {
    return readFileSync(join(this.library, path), 'utf8');
  }

  /** `count` files of `bytes` zeros each, which take no room on the disk but time to read. */
  slowFiles(count: number, bytes: number, folder = '') {
    for (let index = 0; index < count; index++) {
      const path = join(folder, `slow-${String(index).padStart(4, '0')}.bin`);
      this.file(path, '');
      truncateSync(join(this.library, path), bytes);
    }
  }

  /** Starts the server; after a stop, starts it again on the same port and data. */
  async start() {
    const listen = this.url ? new URL(this.url).host : '127.0.0.1:0';
    const command = [PROGRAM, 'serve', this.library, '--data', join(this.folder, 'data'), '--listen', listen, ...(this.options.args ?? [])];
    // Without the capability to read everything, root is refused like anybody.
    const weak = ['setpriv', '--bounding-set', '-dac_override,-dac_read_search', '--inh-caps', '-dac_override,-dac_read_search'];
    const { failing } = this.options;
    const call = failing?.split(':')[0];
    const traced = failing ? ['strace', '--seccomp-bpf', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${failing}`] : [];
    const [program, ...args] = [...(this.options.weak ? weak : []), ...traced, ...command];
    // A process group of its own: neither the tracer nor the traced program must outlive the other.
    const env = { ...process.env, HEADWAY_FAULT: this.fault };
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.child = child;
    const url = await address(child, 'the server', /open (http\S+?)\/?\s/);
    this.url ||= url;
    return this;
  }

  /** `kill -9`, or another signal; waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGKILL') {
    await ended(this.child, (child) => process.kill(-child.pid!, signal));
  }

  /** Waits until it has crashed. */
  async crashed() {
    await ended(this.child, () => undefined);
  }

  /** Runs `headway run` beside the server, in the library and with these words; returns its exit code. */
  run(...words: string[]) {
    return spawnSync(PROGRAM, ['run', '-q', '--data', join(this.folder, 'data'), ...words], { cwd: this.library }).status;
  }

  /** Runs a command of `headway` on its data folder, such as `preset save`; returns its exit code. */
  command(...words: string[]) {
    return spawnSync(PROGRAM, [...words, '--data', join(this.folder, 'data')]).status;
  }

  /** Runs `headway doctor` on its data folder; returns what that prints. */
  doctor(...args: string[]): string {
    return spawnSync(PROGRAM, ['doctor', '--data', join(this.folder, 'data'), ...args], { encoding: 'utf8' }).stdout;
  }

  async close() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async get(path: string): Promise<any> {
    const answer = await fetch(this.url + path);
    return answer.json();
  }

  /** Starts a job as a program would; `more` contains further fields of the request. */
  async put(id: string, query: object = { folder: {} }, more: object = {}) {
    const body = JSON.stringify({ library: 'files', recipe: 'checksum', query, ...more });
    const answer = await fetch(`${this.url}/api/jobs/${id}`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
    return { status: answer.status, body: (await answer.json()) as any };
  }

  /** Steers a job as a program would: `pause`, `cancel` ... */
  async post(id: string, what: string) {
    const answer = await fetch(`${this.url}/api/jobs/${id}/${what}`, { method: 'POST' });
    return answer.status;
  }

  async jobs(): Promise<any[]> {
    return (await this.get('/api/jobs')).jobs;
  }
}

/** A UUIDv7, as any client mints it. */
export function mint(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  new DataView(bytes.buffer).setBigUint64(0, (BigInt(Date.now()) << 16n) | BigInt(bytes[6] << 8) | BigInt(bytes[7]));
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
