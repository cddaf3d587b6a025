// Writes the API's shapes, of docs/openapi.json, as TypeScript's types: into the file that is named, or the page's.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const SOURCE = new URL("../../../docs/openapi.json", import.meta.url);
const TARGET = new URL("../src/api/schema.ts", import.meta.url);

const document = JSON.parse(readFileSync(SOURCE, "utf8"));
// The page has a client of its own: of the routes it takes the shapes alone.
const types = astToString(await openapiTS({ ...document, paths: {} }));
// tests/unit/api/test_document.py compares, so that nobody forgets to make them anew.
const digest = createHash("sha256").update(JSON.stringify(document.components.schemas)).digest("hex");
const head = `// Made by \`npm run types\` from docs/openapi.json, whose schemas are ${digest}.\n`;
writeFileSync(process.argv[2] ?? TARGET, `${head}\n${types}`);
