import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ended } from './program';

/** An nginx block that docs/proxies.md tells people to use: for the root of a host (0), or below a path (1). */
export function documented(which = 0): string {
  const text = readFileSync(resolve(import.meta.dirname, '../../../docs/proxies.md'), 'utf8');
  const block = [...text.matchAll(/```nginx\n([\s\S]*?)```/g)][which];
  if (!block) throw new Error(`docs/proxies.md has no nginx block number ${which}`);
  return block[1];
}

/** A real nginx on a port of its own. */
export class Nginx {
  private readonly folder = mkdtempSync(join(tmpdir(), 'headway-nginx-'));
  private child?: ChildProcess;

  constructor(readonly port: number) {}

  /** Serves these locations; `http://127.0.0.1:3000` in them is replaced by the server's address. */
  async start(locations: string, target: string) {
    const placed = locations.replaceAll('http://127.0.0.1:3000', target);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${this.folder}/${name};`);
    const config = `
      daemon off;
      error_log ${this.folder}/error.log;
      pid ${this.folder}/pid;
      events { worker_connections 256; }
      http {
        access_log off;
        ${temporary.join('\n')}
        server { listen 127.0.0.1:${this.port}; ${placed} }
      }`;
    writeFileSync(join(this.folder, 'nginx.conf'), config);
    // When root starts nginx, its workers run as another user, who must be able to reach the folders below.
    chmodSync(this.folder, 0o711);
    this.child = spawn('nginx', ['-p', this.folder, '-c', join(this.folder, 'nginx.conf')], { stdio: 'inherit' });
    for (let tries = 0; tries < 200; tries++) {
      if (await accepts(this.port)) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`nginx does not listen: ${readFileSync(join(this.folder, 'error.log'), 'utf8')}`);
  }

  async close() {
    await ended(this.child, (child) => child.kill('SIGTERM'));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => done(true)).on('error', () => done(false));
    socket.on('connect', () => socket.destroy());
  });
}
