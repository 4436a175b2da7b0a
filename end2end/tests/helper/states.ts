// Another job, held in each state that a job can be in: by real commands that wait, real queues, and a server that
// stops where a test needs it.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from './fixtures';
import { mint, type Options, type Server } from './server';

const config = `
allow_commands = true

[[command]]
name = "hold"
run = ["sh", "-c", "trap '' TERM; touch ../held; while [ -e ../hold ]; do sleep 0.05; done", "sh", "{}"]
repeatable = true
grace = 600
`;

export const STATES = ['none', 'planning', 'planned', 'queued', 'processing', 'paused', 'cancelling', 'finishing', 'completed'] as const;
export type State = (typeof STATES)[number];

/** The server that a state needs: it runs one job at a time, and lists folders slowly for a plan that takes long. */
export const optionsFor = (state: State): Options => ({
  config,
  args: ['--workers', '1', '--jobs', '1'],
  failing: state === 'planning' ? 'getdents64:delay_enter=700000:when=1+' : undefined,
});

export const files = (server: Server) => {
  ['ended.txt', 'held.txt'].forEach((name) => server.file(name));
  for (let index = 0; index < 150; index++) server.file(`many/${index}/file`);
  server.file('../hold');
};

/** A job that has ended. */
export async function endedJob(server: Server): Promise<string> {
  const job = mint();
  await server.put(job, { paths: ['ended.txt'] });
  await reaches(server, job, 'completed');
  return job;
}

/** Another job, once it is in this state; none for `none`. */
export async function jobIn(state: State, server: Server): Promise<string | undefined> {
  if (state === 'none') return undefined;
  if (state === 'completed') return endedJob(server);
  const job = mint();
  const held = { paths: ['held.txt'] };
  const hold = { recipe: 'hold' };
  if (state === 'planning') await server.put(job, { folder: { path: 'many' } });
  else if (state === 'planned') await server.put(job, held, { ...hold, approval: true });
  else if (state === 'finishing') {
    writeFileSync(server.holdsFinishing, '');
    await server.put(job, held);
  } else {
    if (state === 'queued') {
      const first = mint();
      await server.put(first, held, hold);
      await reaches(server, first, 'processing');
    }
    await server.put(job, held, hold);
    if (state !== 'queued') {
      await expect.poll(async () => (await server.get(`/api/jobs/${job}`)).counters?.running).toBe(1);
      // Before that, the signal of a cancel would end it.
      await expect.poll(() => existsSync(join(server.folder, 'held')), { timeout: 30_000 }).toBe(true);
    }
    if (state === 'paused') await server.post(job, 'pause');
    if (state === 'cancelling') await server.post(job, 'cancel');
  }
  await reaches(server, job, state);
  return job;
}

const reaches = (server: Server, job: string, status: string) =>
  expect.poll(async () => (await server.get(`/api/jobs/${job}`)).status, { timeout: 30_000 }).toBe(status);
