import { describe, expect, it } from "vitest";
import { trainingFolder } from "../src/pictures/training_folder";
import { crc32, zipOf } from "../src/pictures/zip";
import { imageRecord } from "./records";

async function namesIn(archive: Blob): Promise<string[]> {
  const bytes = new DataView(await archive.arrayBuffer());
  const count = bytes.getUint16(bytes.byteLength - 12, true);
  let at = bytes.getUint32(bytes.byteLength - 6, true);
  return Array.from({ length: count }, () => {
    const length = bytes.getUint16(at + 28, true);
    const name = new TextDecoder().decode(new Uint8Array(bytes.buffer, at + 46, length));
    at += 46 + length;
    return name;
  });
}

describe("crc32", () => {
  it("is ZIP's", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array())).toBe(0);
  });
});

describe("zipOf", () => {
  it("keeps names of any script, and nothing but what was given", async () => {
    expect(await namesIn(zipOf([]))).toEqual([]);
    const bytes = new TextEncoder().encode("pixels");
    expect(await namesIn(zipOf(["eule/1.jpg", "フクロウ/2.jpg"].map((path) => ({ path, bytes }))))).toEqual([
      "eule/1.jpg",
      "フクロウ/2.jpg",
    ]);
  });
});

describe("trainingFolder", () => {
  const read = (url: string) =>
    url.includes("closed") ? Promise.reject(new Error("403")) : Promise.resolve(new Blob([url], { type: "image/png" }));

  it("sorts accepted pictures by label, takes a copy where there is no original, and leaves the rest out", async () => {
    const folder = await trainingFolder(
      [
        imageRecord({ imageId: "1", label: "cup", imageUrl: "https://b/original" }),
        imageRecord({ imageId: "2", label: "a/../b", imageUrl: "https://b/closed", displayUrl: "https://b/copy" }),
        imageRecord({ imageId: "5", label: "..", imageUrl: "https://b/original" }),
        imageRecord({ imageId: "3", label: "cup", imageUrl: "https://b/closed" }),
        imageRecord({ imageId: "4", label: "cup", status: "REJECTED", imageUrl: "https://b/original" }),
      ],
      read,
    );
    expect(folder.pictures).toBe(3);
    expect(await namesIn(folder.archive)).toEqual(["cup/1.png", "a .. b/2.png", "unnamed/5.png"]);
  });
});
