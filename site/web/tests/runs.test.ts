import { describe, expect, it } from "vitest";
import type { Run } from "../src/api/types";
import { doing, errorTitle, pace, took } from "../src/operate/run_words";

const AT = Date.UTC(2026, 10, 28, 12);
const run: Run = { run: "r", status: "RUNNING", startedAt: new Date(AT - 90_000).toISOString() };

describe("batch runs in words", () => {
  it("says what a run does, and a state that has no words by its name", () => {
    expect(doing("Classify Pictures")).toBe("Classifying the pictures");
    expect(doing("Something New")).toBe("Something New");
    expect(doing("")).toBe("Starting");
  });

  it("says how fast it goes and how long it takes still", () => {
    const progress = { state: "Classify Pictures", total: 2000, done: 480, failed: 20, startedAt: run.startedAt };
    expect(pace(progress, AT)).toBe("5.6 pictures a second, about 4 min 30 s left");
    expect(pace({ ...progress, done: 1980 }, AT)).toBe("22 pictures a second");
    expect(pace({ ...progress, done: 0, failed: 0 }, AT)).toBeNull();
    expect(pace({ ...progress, total: null }, AT)).toBeNull();
  });

  it("says how long a run took, or has been running", () => {
    expect(took(run, AT)).toBe("1 min 30 s");
    expect(took({ ...run, endedAt: new Date(AT - 85_000).toISOString() }, AT)).toBe("5.0 s");
  });

  it("knows the errors of runs and those of pictures", () => {
    expect(errorTitle("EmptySourceError")).toBe("The source has no picture");
    expect(errorTitle("CorruptImageError")).toBe("The file is damaged");
    expect(errorTitle("Whatever")).toBe("Something went wrong");
  });
});
