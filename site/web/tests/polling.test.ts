import { describe, expect, it } from "vitest";
import { pollDelay } from "../src/api/polling";

describe("pollDelay", () => {
  const delays = Array.from({ length: 100 }, (_, asked) => pollDelay(asked));

  it("asks quickly at first", () => {
    expect(delays.slice(0, 6).every((delay) => delay !== false && delay <= 1000)).toBe(true);
  });

  it("never gets more impatient, and never waits longer than a quarter of a minute", () => {
    const numbers = delays.filter((delay) => delay !== false);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(Math.max(...numbers)).toBe(15_000);
  });

  it("gives up after many minutes", () => {
    const minutes = delays.reduce<number>((sum, delay) => sum + (delay || 0), 0) / 60_000;
    expect(minutes).toBeGreaterThan(15);
    expect(delays.at(-1)).toBe(false);
  });
});
