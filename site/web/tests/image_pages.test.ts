import { describe, expect, it } from "vitest";
import { allImages, type ImagePages, joins, mergeNewest, removeImage, replaceImage } from "../src/api/image_pages";
import type { ImageRecord } from "../src/api/types";
import { imageRecord } from "./records";

function image(imageId: string, status: ImageRecord["status"] = "RECEIVED"): ImageRecord {
  return imageRecord({ imageId, status });
}

function pages(...ids: string[][]): ImagePages {
  const each = ids.map((page) => ({ items: page.map((id) => image(id)), nextToken: null }));
  return { pages: each, pageParams: ids.map(() => null) };
}

function idsOf(found: ImagePages | undefined): string[] {
  return allImages(found).map((item) => item.imageId);
}

describe("a group's loaded pages", () => {
  it("give their pictures in order", () => {
    expect(idsOf(pages(["a", "b"], ["c"]))).toEqual(["a", "b", "c"]);
    expect(allImages(undefined)).toEqual([]);
  });

  it("take a picture's newer self in its place", () => {
    const after = replaceImage(pages(["a", "b"], ["c"]), image("c", "CLASSIFIED"));
    expect(idsOf(after)).toEqual(["a", "b", "c"]);
    expect(allImages(after)[2]?.status).toBe("CLASSIFIED");
  });

  it("stay the same object when the picture isn't among them, so that nothing is drawn again", () => {
    const before = pages(["a"]);
    expect(replaceImage(before, image("z"))).toBe(before);
  });

  it("put new pictures on top and bring known ones up to date, also beyond the first page", () => {
    const after = mergeNewest(pages(["a"], ["b"]), [image("new"), image("a", "FAILED"), image("b", "REJECTED")]);
    expect(idsOf(after)).toEqual(["new", "a", "b"]);
    expect(allImages(after).map((item) => item.status)).toEqual(["RECEIVED", "FAILED", "REJECTED"]);
  });

  it("take new pictures into an empty group", () => {
    expect(idsOf(mergeNewest(pages([]), [image("first")]))).toEqual(["first"]);
  });

  it("know whether a fresh first page joins them", () => {
    expect(joins(pages(["a"], ["b"]), [image("new"), image("a")])).toBe(true);
    expect(joins(pages(["a"], ["b"]), [image("new")])).toBe(false);
    expect(joins(pages([]), [image("new")])).toBe(true);
  });

  it("lose a deleted picture", () => {
    expect(idsOf(removeImage(pages(["a", "b"], ["c"]), "b"))).toEqual(["a", "c"]);
  });
});
