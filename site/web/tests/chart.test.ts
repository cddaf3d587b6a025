import { describe, expect, it } from "vitest";
import type { ImageRecord } from "../src/api/types";
import { stepTo } from "../src/chart/ConfidenceChart";
import { leftOut, linear, samplesOf, summary, timeTicks } from "../src/chart/scale";
import { imageRecord } from "./records";

function image(imageId: string, status: ImageRecord["status"], confidence: number | null, day: number): ImageRecord {
  return imageRecord({ imageId, status, confidence, label: "seven", createdAt: `2026-01-0${day}T00:00:00Z` });
}

describe("samplesOf", () => {
  const samples = samplesOf([
    image("late", "CLASSIFIED", 0.99, 3),
    image("early", "REJECTED", 0.4, 1),
    image("broken", "FAILED", null, 2),
    image("pending", "RECEIVED", 0.5, 2),
  ]);

  it("takes the pictures that have an answer, oldest first", () => {
    expect(samples.map((sample) => [sample.imageId, sample.accepted])).toEqual([
      ["early", false],
      ["late", true],
    ]);
  });

  it("holds the model's guess against what a person said", () => {
    const predictions = [{ label: "seven", score: 0.6 }];
    const said = (fields: Partial<ImageRecord>) => ({
      ...image("x", "CLASSIFIED", 0.6, 1),
      predictions,
      labelledBy: "person" as const,
      ...fields,
    });
    const seen = [
      said({}),
      said({ label: "one" }),
      // None of the labels fits, or the picture is unusable: the model was not right.
      said({ status: "REJECTED" }),
      said({ labelledBy: "model" }),
    ];
    expect(samplesOf(seen).map(({ guess, right }) => [guess, right])).toEqual([
      ["seven", true],
      ["seven", false],
      ["seven", false],
      ["seven", null],
    ]);
  });

  it("sums up what it draws", () => {
    expect(summary(samples).mean).toBeCloseTo(0.695);
    expect(summary(samples).acceptedPart).toBe(0.5);
    expect(summary([])).toEqual({ mean: 0, acceptedPart: 0 });
  });
});

describe("leftOut", () => {
  it("says how many pictures have nothing to draw, and why", () => {
    const images = [
      image("a", "CLASSIFIED", 0.9, 1),
      image("b", "FAILED", null, 1),
      image("c", "RECEIVED", null, 1),
      image("d", "FAILED", null, 2),
    ];
    expect(leftOut(images)).toEqual({ total: 3, pending: 1, failed: 2 });
  });
});

describe("the keys of the chart", () => {
  const samples = (...ids: string[]) => samplesOf(ids.map((id, index) => image(id, "CLASSIFIED", 0.5, index + 1)));

  it("walk the pictures, and stop at the first and the last", () => {
    const three = samples("a", "b", "c");
    expect(stepTo("ArrowRight", null, three)).toBe("a");
    expect(stepTo("ArrowLeft", null, three)).toBe("c");
    expect(stepTo("ArrowRight", "c", three)).toBe("c");
    expect(stepTo("ArrowLeft", "a", three)).toBe("a");
    expect([stepTo("Home", "b", three), stepTo("End", "b", three), stepTo("x", "b", three)]).toEqual(["a", "c", null]);
  });

  it("go on from the same picture though older ones have come before it", () => {
    expect(stepTo("ArrowRight", "b", samples("a", "b", "c"))).toBe("c");
    expect(stepTo("ArrowRight", "b", samples("older", "oldest", "a", "b", "c"))).toBe("c");
  });
});

describe("scales", () => {
  it("maps a line, and a single moment to the middle", () => {
    expect(linear([0, 10], [100, 200])(5)).toBe(150);
    expect(linear([3, 3], [100, 200])(3)).toBe(150);
  });

  it.each([2_000, 90_000, 3_600_000, 86_400_000 * 3, 86_400_000 * 400])(
    "finds a few round times within a span of %i ms",
    (span) => {
      const from = Date.UTC(2026, 5, 1, 10, 17, 33);
      const ticks = timeTicks(from, from + span, 8);
      expect(ticks.length).toBeLessThanOrEqual(8);
      expect(ticks.length).toBeGreaterThan(0);
      expect(ticks.every((tick) => tick >= from && tick <= from + span)).toBe(true);
    },
  );
});
