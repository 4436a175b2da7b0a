// size.mjs FOLDER: checks that the first page's files, compressed with brotli as they are sent, are together no larger than LIMIT.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** In bytes: the last figure reached, and 1 % for what a compiler's update may add. Raised only for what 0008 lists. */
const LIMIT = 625_000;

const folder = process.argv[2];
const files = [folder, join(folder, 'pkg')].flatMap((part) =>
  readdirSync(part).filter((name) => name.endsWith('.br')).map((name) => ({ name, bytes: statSync(join(part, name)).size })),
);
const sum = files.reduce((sum, { bytes }) => sum + bytes, 0);
for (const { name, bytes } of files) console.log(`${String(bytes).padStart(8)}  ${name}`);
console.log(`${String(sum).padStart(8)}  in all; at most ${LIMIT}`);
if (sum > LIMIT) {
  console.error(`The first page has grown by ${sum - LIMIT} bytes. docs/decisions/0008-small-client.md says what is large and what is small.`);
  process.exit(1);
}
