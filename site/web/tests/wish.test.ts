import { describe, expect, it } from "vitest";
import { askedFor, changed, wishOf } from "../src/find/wish";

describe("what is looked for", () => {
  it("stands in the address, and nothing else of it does", () => {
    const wish = wishOf(
      new URLSearchParams("search= cat &error=CorruptImageError&from=2026-11-20&nextToken=x&status="),
    );
    expect(wish).toEqual({ search: "cat", error: "CorruptImageError", from: "2026-11-20" });
  });

  it("keeps the other filters when one changes", () => {
    const address = changed(new URLSearchParams("search=cat&sort=oldest"), "sort", "");
    expect(address.toString()).toBe("search=cat");
  });

  it("asks for whole days of the reader's own time", () => {
    const { from, before, ...rest } = askedFor({ search: "cat", from: "2026-11-20", to: "2026-11-30" });
    expect(from).toBe(new Date(2026, 10, 20).toISOString());
    expect(before).toBe(new Date(2026, 11, 1).toISOString());
    expect(rest).toEqual({ search: "cat" });
  });

  it.each(["yesterday", "2026-11", "2026-11-20T10:00", ""])("leaves out what is no day: %s", (day) => {
    expect(askedFor({ from: day, to: day })).toEqual({});
  });
});
