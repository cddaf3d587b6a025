// Fails when the JavaScript of a first visit, gzipped, is over budget: the entry and all it imports statically.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 200;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

const files = new Set();
function visit(key) {
  const chunk = manifest[key];
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const imported of chunk.imports ?? []) visit(imported);
}
for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) visit(key);

const bytes = [...files].reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, dist))).length, 0);
const kilobytes = bytes / 1000;
console.log(
  `first load: ${kilobytes.toFixed(1)} kB of gzipped JavaScript in ${files.size} files (budget ${BUDGET_KB} kB)`,
);
if (kilobytes > BUDGET_KB) process.exitCode = 1;
