// compress.mjs FOLDER QUALITY: writes a .br and a .gz beside each file that the browser fetches, if it is older than the file.
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const [folder, quality] = process.argv.slice(2);
const age = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

for (const part of [folder, join(folder, 'pkg')]) {
  for (const name of readdirSync(part).filter((name) => /\.(js|wasm|css|svg)$/.test(name))) {
    const path = join(part, name);
    if (age(`${path}.br`) >= age(path)) continue;
    const content = readFileSync(path);
      const most = {
      params: {
        [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
        [constants.BROTLI_PARAM_QUALITY]: Number(quality),
        // The largest window that a browser takes, and distances that fit a program: 0.15 % less than by default.
        [constants.BROTLI_PARAM_LGWIN]: 24,
        [constants.BROTLI_PARAM_NPOSTFIX]: 1,
        [constants.BROTLI_PARAM_NDIRECT]: 24,
      },
    };
    writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
    writeFileSync(`${path}.br`, brotliCompressSync(content, most));
    console.log(`${name}: ${content.length} bytes, ${statSync(`${path}.br`).size} with brotli`);
  }
}
