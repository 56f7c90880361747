/** Bundles what a page loads into dist/, minified, and prints each entry's size: one JSON object, bytes by name, plain and gzipped. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const ROOT = new URL("..", import.meta.url);
const entries = { parley: "parley.js", client: "client/index.js", store: "store/index.js" };

await build({
  absWorkingDir: ROOT.pathname,
  entryPoints: entries,
  outdir: "dist",
  bundle: true,
  splitting: true, // languages and emoji names stay files of their own, loaded on demand
  chunkNames: "chunks/[name]-[hash]",
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
});

// Browsers load it by itself, and not as a module.
await build({
  absWorkingDir: ROOT.pathname,
  entryPoints: ["worker.js"],
  outdir: "dist",
  minify: true,
  charset: "utf8",
});

/** @type {Record<string, {bytes: number, gzip: number}>} */
const sizes = {};
for (const name of Object.keys(entries)) {
  // Alone and in one file: what a page that takes only this entry loads before anything on demand.
  const alone = await build({
    absWorkingDir: ROOT.pathname,
    entryPoints: [entries[/** @type {keyof typeof entries} */ (name)]],
    bundle: true,
    splitting: true,
    outdir: "dist",
    write: false,
    format: "esm",
    target: "es2022",
    minify: true,
    charset: "utf8",
    legalComments: "none",
    metafile: true,
  });
  sizes[name] = sizeOf(alone, entries[/** @type {keyof typeof entries} */ (name)]);
}
console.log(JSON.stringify(sizes, null, 2));

/**
 * Adds up the entry and the chunks that it imports at once.
 *
 * @param {import("esbuild").BuildResult<{metafile: true, write: false}>} result
 * @param {string} entry
 */
function sizeOf(result, entry) {
  const outputs = result.metafile.outputs;
  // Chunks that come on demand have an entry point of their own, too.
  const first = /** @type {string} */ (Object.keys(outputs).find((path) => outputs[path]?.entryPoint === entry));
  const needed = new Set([first]);
  for (const path of needed) {
    for (const imported of outputs[path]?.imports ?? [])
      if (imported.kind === "import-statement") needed.add(imported.path);
  }
  let bytes = 0;
  let gzip = 0;
  for (const file of result.outputFiles) {
    if (![...needed].some((path) => file.path.endsWith(path.slice("dist".length)))) continue;
    bytes += file.contents.length;
    gzip += gzipSync(file.contents, { level: 9 }).length;
  }
  return { bytes, gzip };
}
