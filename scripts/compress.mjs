// Writes a .br and a .gz beside each file that the browser fetches, if it is older than the file.
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const age = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

for (const folder of [process.argv[2], join(process.argv[2], 'pkg')]) {
  for (const name of readdirSync(folder).filter((name) => /\.(js|wasm|css|svg)$/.test(name))) {
    const path = join(folder, name);
    if (age(`${path}.br`) >= age(path)) continue;
    const content = readFileSync(path);
    const most = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } };
    writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
    writeFileSync(`${path}.br`, brotliCompressSync(content, most));
    console.log(`${name}: ${content.length} bytes, ${age(`${path}.br`) && statSync(`${path}.br`).size} with brotli`);
  }
}
