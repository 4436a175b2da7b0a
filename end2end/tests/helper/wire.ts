import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Whether one message of a stream is passed on or lost. */
export type Judge = (message: string) => boolean;

/**
 * A TCP proxy between browser and server that can cut streams, hold their bytes and lose single messages: what
 * Playwright cannot do to an open EventSource.
 */
export class Wire {
  private server?: Server;
  private streams = new Set<Socket>();
  private pairs = new Set<Socket>();
  private waiting: (() => void)[] = [];
  private held = false;
  private stalled = false;
  /** Connections on which something was sent while the line stalled: nothing comes through on them any more. */
  private dead = new Set<Socket>();
  /** Messages for which this says false are lost. */
  keep: Judge = () => true;
  /** Streams opened so far. */
  opened = 0;
  /** Streams that are open now. */
  get open(): number {
    return this.streams.size;
  }
  /** How many bytes of a stream are carried before its connection breaks. */
  most = Infinity;
  target = '';

  /** Listens; `target` may be set later. */
  async listen(): Promise<string> {
    const server = createServer((client) => this.accept(client));
    this.server = server;
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Cuts every open stream, even in the middle of a message. */
  cut() {
    for (const stream of this.streams) stream.destroy();
  }

  /** What is sent from now on is lost, and no connection ends: a line that is dead and says nothing. */
  stall() {
    this.stalled = true;
  }

  /** New connections work again. */
  revive() {
    this.stalled = false;
  }

  private isLost(client: Socket): boolean {
    if (this.stalled) this.dead.add(client);
    return this.dead.has(client);
  }

  /** Bytes of streams wait until `release`. */
  hold() {
    this.held = true;
  }

  release() {
    this.held = false;
    for (const flush of this.waiting.splice(0)) flush();
  }

  close() {
    for (const socket of this.pairs) socket.destroy();
    this.server?.close();
  }

  private accept(client: Socket) {
    const { hostname, port } = new URL(this.target);
    const server = connect(Number(port), hostname);
    this.pairs.add(client).add(server);
    let stream: Chunks | undefined;
    let carried = 0;
    client.on('data', (bytes) => {
      if (this.isLost(client)) return;
      if (/^GET \/api\/(v1\/)?events\?/.test(bytes.subarray(0, 32).toString())) {
        this.opened += 1;
        carried = 0;
        this.streams.add(client);
        stream = new Chunks((message) => this.keep(message));
      } else if (/^(GET|POST) /.test(bytes.subarray(0, 5).toString())) {
        stream = undefined;
      }
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (this.isLost(client)) return;
      const out = stream ? stream.filter(bytes) : bytes;
      const flush = () => {
        if (!client.writable) return;
        const room = stream ? this.most - carried : Infinity;
        carried += stream ? out.length : 0;
        if (out.length <= room) client.write(out);
        else client.write(out.subarray(0, room), () => client.destroySoon());
      };
      if (stream && this.held) this.waiting.push(flush);
      else flush();
    });
    const end = () => {
      client.destroy();
      server.destroy();
      this.streams.delete(client);
    };
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
  }
}

/** Follows HTTP chunks through a stream's bytes, and leaves out the messages that are to be lost. Answers to calls pass unchanged. */
class Chunks {
  private bytes = Buffer.alloc(0);
  private head = true;
  private whole = false;

  constructor(private keep: Judge) {}

  filter(more: Buffer): Buffer {
    this.bytes = Buffer.concat([this.bytes, more]);
    const out: Buffer[] = [];
    if (this.head) {
      const end = this.bytes.indexOf('\r\n\r\n');
      if (end < 0) return Buffer.alloc(0);
      const head = this.take(end + 4);
      out.push(head);
      this.head = false;
      this.whole = !/^transfer-encoding: *chunked/im.test(head.toString());
    }
    if (this.whole) out.push(this.take(this.bytes.length));
    for (;;) {
      const line = this.bytes.indexOf('\r\n');
      if (line < 0) break;
      const size = parseInt(this.bytes.subarray(0, line).toString(), 16);
      const whole = line + 2 + size + 2;
      if (Number.isNaN(size) || this.bytes.length < whole) break;
      const chunk = this.take(whole);
      if (size === 0) {
        out.push(chunk);
        continue;
      }
      const messages = chunk.subarray(line + 2, line + 2 + size).toString().split(/(?<=\n\n)/);
      const kept = Buffer.from(messages.filter((message) => this.keep(message)).join(''));
      if (kept.length > 0) out.push(Buffer.from(`${kept.length.toString(16)}\r\n`), kept, Buffer.from('\r\n'));
    }
    return Buffer.concat(out);
  }

  private take(count: number): Buffer {
    const taken = this.bytes.subarray(0, count);
    this.bytes = this.bytes.subarray(count);
    return taken;
  }
}
