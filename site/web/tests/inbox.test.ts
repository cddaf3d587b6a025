import { describe, expect, it } from "vitest";
import { linked } from "../src/inbox/links";

const urls = (text: string) => linked(text).flatMap(({ url }) => (url === null ? [] : [url]));

describe("linked", () => {
  it("finds addresses, without what ends the sentence around them", () => {
    expect(urls("Open it: https://page.example/images/1. Or (http://x.example/a?b=c#d), too.")).toEqual([
      "https://page.example/images/1",
      "http://x.example/a?b=c#d",
    ]);
  });

  it("loses nothing of the text", () => {
    const text = "a\nhttps://page.example/x\nb https://y.example!";
    expect(
      linked(text)
        .map((part) => part.text)
        .join(""),
    ).toBe(text);
  });

  it.each(["javascript:alert(1)", "data:text/html,x", "s3://bucket/key", "http://", "nothing"])(
    "makes no link of %s",
    (text) => {
      expect(urls(text)).toEqual([]);
    },
  );
});
