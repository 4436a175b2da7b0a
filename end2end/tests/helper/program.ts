import type { ChildProcess } from 'node:child_process';

/** The address that a program prints when it is ready: the first group of this pattern. Fails if the program ends before. */
export async function address(child: ChildProcess, name: string, pattern: RegExp): Promise<string> {
  let errors = '';
  child.stderr!.on('data', (text) => (errors += text));
  return new Promise((found, failed) => {
    let text = '';
    child.stdout!.on('data', (more) => {
      text += more;
      const ready = pattern.exec(text);
      if (ready) found(ready[1]);
    });
    child.on('exit', (code) => failed(new Error(`${name} ended with ${code}: ${errors}`)));
  });
}

/** Sends a signal by `send`, and waits for the end of the program. Does nothing if it has ended. */
export async function ended(child: ChildProcess | undefined, send: (child: ChildProcess) => void) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const end = new Promise((done) => child.on('exit', done));
  send(child);
  await end;
}
