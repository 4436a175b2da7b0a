// Clients by others, and the one in docs/protocol.md: in spite of cuts, each gets every event once and in order.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { EventSource } from 'eventsource';
import { expect, test } from './helper/fixtures';
import { mint, type Server } from './helper/server';

/** What a client received: the numbers of the events in their order, and how the job ended. */
type Seen = { seqs: number[]; status: string };

/** The client of docs/protocol.md, unchanged. */
async function ours(url: string, job: string): Promise<Seen> {
  const text = readFileSync(resolve(import.meta.dirname, '../../docs/protocol.md'), 'utf8');
  const code = /```js\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  const path = join(mkdtempSync(join(tmpdir(), 'headway-client-')), 'client.mjs');
  writeFileSync(path, code);
  const { follow } = await import(pathToFileURL(path).href);
  const seqs: number[] = [];
  const closed = await follow(url, job, (event: { seq: number }) => seqs.push(event.seq));
  return { seqs, status: closed.status };
}

/** The eventsource package, which follows the browser's rules, including Last-Event-ID. */
function eventsource(url: string, job: string): Promise<Seen> {
  const seqs: number[] = [];
  const source = new EventSource(`${url}/api/events?job=${job}&after=0.0&replay=all`);
  return new Promise((done) => {
    source.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      for (const frame of message.frames ?? []) seqs.push(...frame.events.map((event: { seq: number }) => event.seq));
      if (message.kind !== 'closed') return;
      source.close();
      done({ seqs, status: message.status });
    };
  });
}

async function python(url: string, job: string): Promise<Seen> {
  const script = resolve(import.meta.dirname, '../clients/sse.py');
  const { stdout } = await promisify(execFile)(process.env.HEADWAY_PYTHON ?? 'python3', [script, url, job], { timeout: 80_000 });
  const said = (word: string) => stdout.split('\n').flatMap((line) => (line.startsWith(word) ? [line.slice(word.length)] : []));
  return { seqs: said('event ').map(Number), status: said('closed ')[0] };
}

for (const [name, client] of Object.entries({ ours, eventsource, python })) {
  test(`${name}: every event once and in order, through cuts`, async ({ serveWired }) => {
    const slow = (server: Server) => server.slowFiles(800, 8_000_000);
    const { server, wire, url } = await serveWired(slow, { args: ['--workers', '1'] });
    // The job does not end before the connection was cut often enough, however slow the machine is.
    writeFileSync(server.holdsFinishing, '');
    const job = mint();
    const following = client(url, job);
    // The job is followed before it exists.
    await expect.poll(() => wire.opened, { intervals: [20] }).toBeGreaterThan(0);
    expect((await server.put(job)).status).toBe(201);
    let over = false;
    const seen = following.finally(() => (over = true));
    let cuts = 0;
    while (!over) {
      // At an arbitrary moment of an open connection.
      await new Promise((done) => setTimeout(done, 20 + Math.random() * 150));
      if ((await server.get(`/api/jobs/${job}`)).status === 'completed') break;
      const opened = wire.opened;
      wire.cut();
      cuts += 1;
      await expect.poll(() => over || wire.opened > opened, { intervals: [20], timeout: 30_000 }).toBe(true);
      if (cuts === 3) rmSync(server.holdsFinishing);
    }
    const { seqs, status } = await seen;
    expect(cuts).toBeGreaterThan(2);
    const truth = await server.get(`/api/jobs/${job}`);
    expect(status).toBe('completed');
    expect(seqs).toEqual(Array.from({ length: truth.seq }, (_, index) => index + 1));
  });
}

for (const [name, client] of Object.entries({ ours, eventsource, python })) {
  test(`${name}: every event once and in order, over a line that breaks after 20 kB`, async ({ serveWired }) => {
    const { server, wire, url } = await serveWired((server) => server.slowFiles(800, 1_000));
    wire.most = 20_000;
    const job = mint();
    expect((await server.put(job)).status).toBe(201);
    await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).status).toBe('completed');
    const { seqs, status } = await client(url, job);
    const truth = await server.get(`/api/jobs/${job}`);
    expect(wire.opened).toBeGreaterThan(4);
    expect(status).toBe('completed');
    expect(seqs).toEqual(Array.from({ length: truth.seq }, (_, index) => index + 1));
  });
}
