import { describe, expect, it } from "vitest";
import type { HistoryItem, ImageRecord, ImageStatus } from "../src/api/types";
import { galleryGrid } from "../src/pictures/gallery_grid";
import { phaseOf, phaseWithUpload, readableCause, reasonFor } from "../src/pictures/phase";
import { thresholdFrom, thresholdOf } from "../src/pictures/threshold";
import { timelineOf } from "../src/pictures/timeline";
import { imageRecord } from "./records";

const AT = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, 0, seconds * 1000)).toISOString();

function image(status: ImageStatus, classifying = false): ImageRecord {
  return imageRecord({ status, classifying, createdAt: AT(0) });
}

function visit(
  state: string,
  from: number,
  to: number | null,
  status: HistoryItem["status"] = "SUCCEEDED",
): HistoryItem {
  return { state, status, enteredAt: AT(from), exitedAt: to === null ? null : AT(to), retries: 0 };
}

describe("phaseOf", () => {
  it.each<[ImageStatus, string]>([
    ["CLASSIFIED", "done"],
    ["REJECTED", "refused"],
    ["IN_REVIEW", "review"],
    ["FAILED", "failed"],
    ["RECEIVED", "uploaded"],
  ])("calls %s %s", (status, phase) => {
    expect(phaseOf(image(status))).toBe(phase);
  });

  it("calls a received picture classifying once its execution has begun", () => {
    expect(phaseOf(image("RECEIVED", true))).toBe("classifying");
    expect(phaseOf(image("RECEIVED"), [visit("Claim Image", 0, null)])).toBe("classifying");
    expect(phaseOf(image("RECEIVED"), [])).toBe("uploaded");
  });

  it("calls a picture missing whose upload never came, unless this tab sends or has sent it", () => {
    const late: ImageRecord = { ...image("RECEIVED"), uploadStatus: "NOT_UPLOADED" };
    expect(phaseOf(late)).toBe("missing");
    expect(phaseOf({ ...late, classifying: true })).toBe("classifying");
    expect(phaseWithUpload("missing", null)).toBe("missing");
    expect(phaseWithUpload("missing", { stage: "uploading" })).toBe("uploading");
    expect(phaseWithUpload("missing", { stage: "sent" })).toBe("uploaded");
    expect(phaseWithUpload("uploaded", { stage: "stopped" })).toBe("missing");
    expect(phaseWithUpload("classifying", { stage: "stopped" })).toBe("classifying");
  });
});

describe("reasons", () => {
  it("has words for an error it knows, and honest ones for an error it doesn't", () => {
    expect(reasonFor("CorruptImageError").title).toContain("damaged");
    expect(reasonFor("EndpointThrottledError")).toEqual(reasonFor("EndpointFailedError"));
    expect(reasonFor("NeverHeardOfError").title).toBe("Something went wrong");
  });

  it("drops the threshold's marker from its message", () => {
    expect(readableCause("THRESHOLD_CONFIDENCE_NOT_MET: 0.5 is below 0.93")).toBe("0.5 is below 0.93");
  });
});

describe("timelineOf", () => {
  it("places states on one scale, in the order of their beginning, parallel ones too", () => {
    const { steps, totalMilliseconds } = timelineOf([visit("B", 1, 3), visit("A", 0, 1), visit("C", 1, 2)]);
    expect(steps.map((step) => step.state)).toEqual(["A", "B", "C"]);
    expect(totalMilliseconds).toBe(3000);
    expect(steps[1]).toMatchObject({ offset: 1 / 3, length: 2 / 3, milliseconds: 2000, outcome: "done" });
  });

  it("lets a running state last until now", () => {
    const { steps } = timelineOf([visit("A", 0, null, "RUNNING")], new Date(AT(5)).getTime());
    expect(steps[0]).toMatchObject({ outcome: "running", milliseconds: 5000 });
  });

  it("marks what failed, was aborted or ran out of time", () => {
    const history = (["FAILED", "ABORTED", "TIMED_OUT"] as const).map((status) => visit(status, 0, 1, status));
    expect(timelineOf(history).steps.map((step) => step.outcome)).toEqual(["failed", "failed", "failed"]);
  });

  it("is empty without a history", () => {
    expect(timelineOf([])).toEqual({ steps: [], totalMilliseconds: 0 });
  });
});

describe("galleryGrid", () => {
  it.each([320, 358, 390, 640, 768, 1184, 2000])("fills a width of %i without overflowing it", (width) => {
    const grid = galleryGrid(width);
    const used = grid.columns * grid.cardWidth + (grid.columns - 1) * grid.gap;
    expect(used).toBeLessThanOrEqual(width);
    expect(used).toBeGreaterThan(width - grid.columns);
  });

  it("shows two columns on a phone, and one before it knows the width", () => {
    expect(galleryGrid(358).columns).toBe(2);
    expect(galleryGrid(0).columns).toBe(1);
  });
});

describe("thresholdOf", () => {
  const USUAL = 0.93;
  it.each<[Partial<ImageRecord>, number | null]>([
    [{ status: "CLASSIFIED", confidence: 0.104, threshold: 0.1 }, 0.1],
    [{ status: "CLASSIFIED", confidence: 0.104 }, null],
    [{ status: "CLASSIFIED", confidence: 0.95 }, USUAL],
    [{ status: "REJECTED", confidence: 0.95 }, null],
    [{ status: "REJECTED", confidence: 0.5 }, USUAL],
    [{ status: "FAILED" }, USUAL],
    [{ status: "CLASSIFIED", confidence: 0.5, threshold: 0 }, 0],
  ])("of %j is %j", (fields, threshold) => {
    expect(thresholdOf({ ...image("RECEIVED"), ...fields }, USUAL)).toBe(threshold);
  });
});

describe("thresholdFrom", () => {
  it.each([
    ["93", 0.93],
    [" 93,5 % ", 0.935],
    ["0", 0],
    ["100", 1],
    ["", null],
    ["  ", null],
    ["101", "wrong"],
    ["-1", "wrong"],
    ["a lot", "wrong"],
  ])("takes %j for %j", (typed, expected) => {
    expect(thresholdFrom(typed)).toBe(expected);
  });
});
