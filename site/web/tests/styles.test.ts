import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..", "src");
const FILES = readdirSync(ROOT, { recursive: true, encoding: "utf8" });
const SHEETS = FILES.filter((file) => file.endsWith(".module.css"));
const COMPONENTS = FILES.filter((file) => file.endsWith(".tsx"));

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const found = (pattern: RegExp, text: string) => new Set([...text.matchAll(pattern)].map((match) => match[1] ?? ""));

/** The classes that a sheet has rules for. */
function classesOf(sheet: string): Set<string> {
  return found(/\.([a-zA-Z][\w-]*)/g, read(sheet).replace(/\/\*[\s\S]*?\*\//g, ""));
}

/** What a component calls a sheet that it imports; null where it doesn't. */
function nameIn(component: string, sheet: string): string | null {
  const [, file] = /([^/\\]+)$/.exec(sheet) ?? [];
  return new RegExp(`import (\\w+) from "[^"]*/${file}"`).exec(read(component))?.[1] ?? null;
}

/** The classes of a sheet that components name; `any` where one is chosen at run time. */
function namedOf(sheet: string): { names: Set<string>; any: boolean; users: number } {
  const names = new Set<string>();
  let any = false;
  let users = 0;
  for (const component of COMPONENTS) {
    const name = nameIn(component, sheet);
    if (name === null) continue;
    users += 1;
    const text = read(component);
    for (const each of found(new RegExp(`\\b${name}\\.(\\w+)`, "g"), text)) names.add(each);
    any ||= text.includes(`${name}[`);
  }
  return { names, any, users };
}

describe("style sheets", () => {
  it.each(SHEETS)("%s has a rule for each class that is named, and no other", (sheet) => {
    const classes = classesOf(sheet);
    const { names, any, users } = namedOf(sheet);
    expect(users).toBeGreaterThan(0);
    // A variable of the component's own may be called as the sheet is: `frame.left`.
    const known = new Set([...names].filter((name) => !["left", "top", "current"].includes(name)));
    expect([...known].filter((name) => !classes.has(name))).toEqual([]);
    if (!any) expect([...classes].filter((name) => !names.has(name))).toEqual([]);
  });

  it("say once what a problem looks like", () => {
    const saying = SHEETS.filter((sheet) => /\.problem\s*\{/.test(read(sheet)));
    expect(saying).toEqual([join("ui", "Problem.module.css")]);
  });
});
