import { describe, expect, it } from "vitest";
import type { ImageRecord } from "../src/api/types";
import { acceptedAt, byLabel, histogram, truthAt } from "../src/chart/explore";
import type { Sample } from "../src/chart/scale";
import { fileNameOf } from "../src/pictures/download";
import { csvOf, jsonOf } from "../src/pictures/export";
import { neighboursOf } from "../src/pictures/neighbours";
import { stateWords } from "../src/pictures/state_words";
import { FITTED, panned, zoomed } from "../src/pictures/zoom";
import { imageRecord } from "./records";

const image = (imageId: string, fields: Partial<ImageRecord> = {}) => imageRecord({ imageId, ...fields });

describe("neighboursOf", () => {
  const images = ["new", "middle", "old"].map((id) => image(id));

  it("finds what stands beside a picture", () => {
    expect(neighboursOf(images, "middle")).toEqual({ previous: images[0], next: images[2], position: 2 });
    expect(neighboursOf(images, "new")).toMatchObject({ previous: null, next: images[1] });
    expect(neighboursOf(images, "elsewhere")).toEqual({ previous: null, next: null, position: 0 });
  });
});

describe("zoom", () => {
  it("keeps what is under the pointer under it", () => {
    const view = zoomed(zoomed(FITTED, 2, 100, 50), 2, 100, 50);
    expect(view).toEqual({ scale: 4, x: -300, y: -150 });
    expect(zoomed(view, 1 / 4)).toEqual(FITTED);
    expect(zoomed(view, 1000).scale).toBe(8);
  });

  it("never moves a picture out of its frame", () => {
    expect(panned({ scale: 2, x: 0, y: 0 }, 9999, -9999, 400, 300)).toEqual({ scale: 2, x: 200, y: -150 });
    const { x, y } = panned(FITTED, 50, 50, 400, 300);
    expect([Math.abs(x), Math.abs(y)]).toEqual([0, 0]);
  });
});

describe("stateWords", () => {
  it("leaves a state that it has no words for by its name", () => {
    expect(stateWords("Classify Image Data")).toBe("Asking the model");
    expect(stateWords("Something New")).toBe("Something New");
  });
});

describe("exports", () => {
  const odd = image("1", { title: '=SUM(A1), "x"\ny', label: "owl", confidence: 0.5, imageUrl: "https://secret" });

  it("quotes what CSV needs quoted, and gives spreadsheets no formula", () => {
    const lines = csvOf([odd, image("2", { status: "FAILED", error: { name: "CorruptImageError", cause: "c" } })]);
    expect(lines.split("\r\n")).toEqual([
      "imageId,title,status,label,confidence,threshold,error,createdAt",
      `1,"'=SUM(A1), ""x""\ny",CLASSIFIED,owl,0.5,,,2026-01-01T00:00:00Z`,
      "2,,FAILED,,,,CorruptImageError,2026-01-01T00:00:00Z",
      "",
    ]);
  });

  it("holds no URL that runs out", () => {
    expect(jsonOf([odd])).not.toContain("https://");
    expect(JSON.parse(jsonOf([odd]))[0]).toMatchObject({ imageId: "1", predictions: [], confidence: 0.5 });
  });

  it("names files as every system takes them", () => {
    expect(fileNameOf("Rex / the: dog? 🦉", ".jpg")).toBe("Rex the dog.jpg");
    expect(fileNameOf("…", ".jpg")).toBe("picture.jpg");
  });
});

describe("threshold explorer", () => {
  const sample = (label: string, confidence: number, right: boolean | null = null): Sample => ({
    imageId: label,
    title: "",
    label,
    confidence,
    time: 0,
    accepted: confidence >= 0.93,
    guess: label,
    right,
  });
  const samples = [sample("cat", 0.99), sample("cat", 0.5), sample("dog", 0.93), sample("owl", 1), sample("owl", 0)];

  it("counts what a line lets pass, the line included", () => {
    expect([0, 0.5, 0.93, 0.931, 1].map((line) => acceptedAt(samples, line))).toEqual([5, 4, 3, 2, 1]);
  });

  it("puts every picture into one bin", () => {
    const bins = histogram(samples, 0.93, 10);
    expect(bins.map((bin) => [bin.accepted, bin.refused])).toEqual([
      [0, 1],
      ...Array.from({ length: 4 }, () => [0, 0]),
      [0, 1],
      ...Array.from({ length: 3 }, () => [0, 0]),
      [3, 0],
    ]);
  });

  it("has a row a label, the most frequent first", () => {
    expect(byLabel(samples, 0.93)).toEqual([
      { label: "cat", total: 2, accepted: 1, decided: 0, right: 0 },
      { label: "owl", total: 2, accepted: 1, decided: 0, right: 0 },
      { label: "dog", total: 1, accepted: 1, decided: 0, right: 0 },
    ]);
  });

  const decided = [
    sample("cat", 0.99, true),
    sample("cat", 0.95, false),
    sample("cat", 0.6, true),
    sample("owl", 0.99),
  ];

  it("says how often the model was right on either side of a line, where a person decided", () => {
    expect(truthAt(decided, 0.93)).toEqual({ accepted: { decided: 2, right: 1 }, refused: { decided: 1, right: 1 } });
    expect(truthAt(decided, 0.98)).toEqual({ accepted: { decided: 1, right: 1 }, refused: { decided: 2, right: 1 } });
    expect(byLabel(decided, 0.93)[0]).toEqual({ label: "cat", total: 3, accepted: 2, decided: 2, right: 1 });
  });
});
