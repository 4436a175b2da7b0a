// size.mjs FOLDER: checks that the files which a browser fetches, compressed with brotli as they are sent, are together no larger than
// the limits: those of the first page, and those that come later.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** In bytes: the last figure reached, and 1 % for what a compiler's update can add. Raised only for what 0008 lists. */
const LIMITS = { 'the first page': 340_800, 'what comes later': 338_500 };
const LATER = /^split_/;

const folder = process.argv[2];
const files = [folder, join(folder, 'pkg')].flatMap((part) =>
  readdirSync(part).filter((name) => name.endsWith('.br')).map((name) => ({ name, bytes: statSync(join(part, name)).size })),
);
for (const [part, limit] of Object.entries(LIMITS)) {
  const own = files.filter(({ name }) => LATER.test(name) === (part === 'what comes later'));
  const sum = own.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { name, bytes } of own) console.log(`${String(bytes).padStart(8)}  ${name}`);
  console.log(`${String(sum).padStart(8)}  ${part}; at most ${limit}`);
  if (sum > limit) {
    console.error(`There are ${sum - limit} bytes too many in ${part}. docs/decisions/0008-small-client.md says what is large and what is small.`);
    process.exitCode = 1;
  }
}
