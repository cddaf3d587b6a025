import { describe, expect, it } from "vitest";
import type { HourOfPictures as Hour } from "../src/api/types";
import { piecesOf, roundTop, sumOf, totalOf } from "../src/operate/outcomes";

describe("outcomes by hour", () => {
  const hour = (fields: Partial<Hour>): Hour => ({
    hour: "2026-11-28T11:00:00Z",
    classified: 0,
    rejected: 0,
    inReview: 0,
    failed: 0,
    waiting: 0,
    ...fields,
  });

  it("stacks the outcomes without gaps, and leaves out those that there are none of", () => {
    const pieces = piecesOf(hour({ classified: 6, rejected: 3, failed: 1 }), 20);
    expect(pieces.map(({ outcome }) => outcome)).toEqual(["classified", "rejected", "failed"]);
    expect(pieces.map(({ from, to }) => [from, to].map((part) => Number(part.toFixed(3))))).toEqual([
      [0, 0.3],
      [0.3, 0.45],
      [0.45, 0.5],
    ]);
    expect(piecesOf(hour({}), 1)).toEqual([]);
  });

  it("adds them up", () => {
    const hours = [hour({ classified: 2, failed: 1 }), hour({ inReview: 4 })];
    expect(hours.map(totalOf)).toEqual([3, 4]);
    expect(sumOf(hours)).toEqual({ classified: 2, rejected: 0, inReview: 4, failed: 1, waiting: 0, total: 7 });
  });

  it("has a round number at the top of its scale", () => {
    expect([0, 1, 2, 3, 7, 11, 50, 51, 999, 4321].map(roundTop)).toEqual([1, 1, 2, 5, 10, 20, 50, 100, 1000, 5000]);
  });
});
