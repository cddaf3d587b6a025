import { describe, expect, it } from "vitest";
import type { Model } from "../src/api/types";
import { accuracyInWords, findLabels, labelsInWords, unsureHint } from "../src/model/words";

const DIGITS: Model = {
  name: "digits",
  version: "digits-60d1db21f052",
  share: 1,
  createdAt: "2026-11-28T00:00:00Z",
  trained: false,
  endpoint: { name: "e", status: "InService", inService: true, changedAt: "2026-11-28T00:00:00Z" },
  threshold: 0.93,
  labels: { count: 3, items: ["0", "1", "2"], complete: true },
  limits: [],
  unknown: [],
};
const thousand = { count: 1000, items: Array.from({ length: 1000 }, (_, index) => `thing ${index}`), complete: true };

describe("what the model knows", () => {
  it("names few labels all, and of many the first", () => {
    expect(labelsInWords(DIGITS.labels)).toBe("3 labels: 0, 1, 2");
    expect(labelsInWords(thousand)).toBe("1,000 labels, such as thing 0, thing 1, thing 2, thing 3");
    expect(labelsInWords(null)).toBeNull();
  });

  it("says how often it is right as far as that was measured", () => {
    expect(accuracyInWords({ value: 0.9917, low: 0.9759, high: 0.9973, pictures: 360, measured: "evaluation" })).toBe(
      "99.1% of 360 pictures that it hadn't seen, between 97.5% and 99.7%",
    );
    expect(accuracyInWords({ value: 0.9, measured: "model" })).toBe(
      "90% of pictures that it hadn't seen, by its own account",
    );
    expect(accuracyInWords(undefined)).toBeNull();
  });

  it("hints at what it knows in the card's own words, and without a card in general ones", () => {
    expect(unsureHint(DIGITS)).toContain("This model knows 3 labels: 0, 1, 2.");
    expect(unsureHint({ ...DIGITS, labels: thousand })).toContain("knows 1,000 labels, such as thing 0");
    expect(unsureHint({ ...DIGITS, labels: null })).toContain("of this it may know none");
    expect(unsureHint(null)).toContain("of this it may know none");
  });

  it("finds labels by every word, those that begin with the first one first", () => {
    const labels = ["Egyptian cat", "cat", "tabby cat", "Catamaran", "dog"];
    expect(findLabels(labels, "cat")).toEqual(["cat", "Catamaran", "Egyptian cat", "tabby cat"]);
    expect(findLabels(labels, " CAT tab ")).toEqual(["tabby cat"]);
    expect(findLabels(labels, "")).toEqual(labels);
    expect(findLabels(labels, "(")).toEqual([]);
  });
});
