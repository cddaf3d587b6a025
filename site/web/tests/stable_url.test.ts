import { describe, expect, it } from "vitest";
import { StableUrls } from "../src/api/stable_url";

const FIRST = "https://s3.example.com/bucket/key?X-Amz-Expires=900&X-Amz-Signature=one";
const SECOND = "https://s3.example.com/bucket/key?X-Amz-Expires=900&X-Amz-Signature=two";

describe("StableUrls", () => {
  it("keeps the first URL of an object while it is good", () => {
    let now = 0;
    const urls = new StableUrls(() => now);
    expect(urls.keep(FIRST)).toBe(FIRST);
    now = 800_000;
    expect(urls.keep(SECOND)).toBe(FIRST);
  });

  it("takes the new one a minute before the first ends", () => {
    let now = 0;
    const urls = new StableUrls(() => now);
    urls.keep(FIRST);
    now = 840_001;
    expect(urls.keep(SECOND)).toBe(SECOND);
  });

  it("takes the new one after the first has failed", () => {
    const urls = new StableUrls(() => 0);
    urls.keep(FIRST);
    urls.forget(FIRST);
    expect(urls.keep(SECOND)).toBe(SECOND);
  });

  it("tells versions of one object apart from other objects", () => {
    const urls = new StableUrls(() => 0);
    urls.keep(FIRST);
    const other = FIRST.replace("/key", "/other");
    expect(urls.keep(other)).toBe(other);
    expect(urls.keep(null)).toBeNull();
  });
});
