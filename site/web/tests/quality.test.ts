import { describe, expect, it } from "vitest";
import { errorRate, errorsInWords, shiftInWords, weekInWords } from "../src/operate/quality_words";

const day = (iso: string) => new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(new Date(iso));

describe("quality in words", () => {
  it("says how often the accepted were wrong, and between what", () => {
    const errors = { audited: 120, wrong: 3, errorRate: 0.025, low: 0.0085, high: 0.0709 };
    expect(errorRate(errors)).toBe("2.5%");
    expect(errorsInWords(errors)).toBe("between 0.8% and 7%: 3 of 120 audited");
  });

  it("calls no errors unknown where nobody has looked", () => {
    const errors = { audited: 0, wrong: 0, errorRate: null, low: null, high: null };
    expect(errorRate(errors)).toBe("unknown");
    expect(errorsInWords(errors)).toContain("AuditPercentage");
  });

  it("names shifts", () => {
    expect(shiftInWords({ index: 0.312, byChance: 0.1, verdict: "large" })).toBe("large shift (0.31)");
    expect(shiftInWords({ index: 0.04, byChance: 0.1, verdict: "none" })).toBe("as evaluated (0.04)");
    expect(shiftInWords(null)).toBe("–");
  });

  it.each([
    ["2026-W01", "2025-12-29"],
    ["2026-W48", "2026-11-23"],
    ["2026-W53", "2026-12-28"],
    ["2024-W01", "2024-01-01"],
    ["2023-W01", "2023-01-02"],
  ])("knows the Monday of %s", (week, monday) => {
    expect(weekInWords(week)).toBe(day(`${monday}T12:00:00Z`));
  });

  it("leaves what is no week as it is", () => {
    expect(weekInWords("someday")).toBe("someday");
  });
});
