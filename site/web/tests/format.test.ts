import { describe, expect, it } from "vitest";
import { formatsFor } from "../src/pictures/format";

const SOURCES = import.meta.glob<string>(["../src/**/*.{ts,tsx}", "!../src/api/schema.ts"], {
  query: "?raw",
  import: "default",
  eager: true,
});
const ENGLISH = formatsFor("en-US");
const GERMAN = formatsFor("de-DE");
const JAPANESE = formatsFor("ja-JP");
const NOW = Date.UTC(2026, 0, 1);

/** Kinds of space differ from one edition of the locales' data to the next. */
const plain = (text: string) => text.replace(/\s/g, " ");
/** A moment by the reader's own clock. */
const at = (hour: number) => new Date(2026, 10, 29, hour, 5, 7);

describe("numbers and times", () => {
  it("are the reader's own: dates and clock times in German and in Japanese", () => {
    const evening = at(19).toISOString();
    expect([GERMAN, JAPANESE].map((each) => each.day(evening))).toEqual(["29.11.2026", "2026/11/29"]);
    expect([GERMAN, JAPANESE].map((each) => each.timeOfDay(evening))).toEqual(["19:05:07", "19:05:07"]);
    expect(GERMAN.moment(evening)).toBe("29.11.2026, 19:05");
    expect(JAPANESE.moment(evening)).toBe("2026/11/29 19:05");
    expect(plain(ENGLISH.moment(evening))).toBe("Nov 29, 2026, 7:05 PM");
  });

  it("are the reader's own below charts, too", () => {
    const evening = at(19).getTime();
    const ticks = (["second", "minute", "day"] as const).map((unit) =>
      [ENGLISH, GERMAN, JAPANESE].map((each) => plain(each.tick(evening, unit))),
    );
    expect(ticks).toEqual([
      ["7:05:07 PM", "19:05:07", "19:05:07"],
      ["7:05 PM", "19:05", "19:05"],
      ["Nov 29", "29. Nov.", "11月29日"],
    ]);
  });

  it("are the reader's own in figures: confidences, counts, money, sizes, durations", () => {
    const said = ({ percent, score, integer, dollars, fileSize, duration }: typeof ENGLISH) =>
      [percent(0.9312), score(0.0004), integer(1234567), dollars(1234.5), fileSize(1500), duration(2350)].map(plain);
    expect(said(ENGLISH)).toEqual(["93.1%", "<0.1%", "1,234,567", "$1,234.50", "1.5 KB", "2.4 s"]);
    expect(said(GERMAN)).toEqual(["93,1 %", "<0,1 %", "1.234.567", "1.234,50 $", "1,5 KB", "2,4 s"]);
    expect(said(JAPANESE)).toEqual(said(ENGLISH));
  });

  it("are the browser's where no locale is named, and written in one place alone", () => {
    const own =
      /Intl\.(NumberFormat|DateTimeFormat|RelativeTimeFormat)|toLocale(Date|Time)?String\(|\.toFixed\(|"\d+%"|\}%`|\}%</;
    const others = Object.entries(SOURCES).filter(([path]) => !path.endsWith("/pictures/format.ts"));
    expect(others.length).toBeGreaterThan(100);
    expect(others.filter(([, text]) => own.test(withoutStyles(text))).map(([path]) => path)).toEqual([]);
  });
});

/** Without what is for the browser to read. */
function withoutStyles(source: string): string {
  return source.replace(/style=\{\{[\s\S]*?\}\}/g, "");
}

describe("rounding", () => {
  // The same scores as tests/unit/layers/test_messages.py has for e-mails and annotated pictures.
  it.each([
    [0.92999, "92.9%"],
    [0.29, "29.0%"],
    [1, "100.0%"],
    [0, "0.0%"],
    [0.9995, "99.9%"],
  ])("of %d is that of e-mails and annotated pictures", (part, shown) => {
    expect(ENGLISH.score(part)).toBe(shown);
    expect(ENGLISH.percent(part)).toBe(shown.replace(".0%", "%"));
  });

  it("never makes a confidence of one that missed a threshold read as the threshold", () => {
    for (let threshold = 1; threshold <= 1000; threshold += 1) {
      const missed = threshold / 1000 - 1e-7;
      expect(ENGLISH.percent(missed)).not.toBe(ENGLISH.percent(threshold / 1000));
    }
  });

  it("never writes what costs or scores something as nothing", () => {
    expect([0, 0.004, 0.0712].map(ENGLISH.dollars)).toEqual(["$0.00", "under $0.01", "$0.07"]);
    expect([0, 0.0004, 0.98].map(ENGLISH.score)).toEqual(["0.0%", "<0.1%", "98.0%"]);
  });
});

describe("durations, sizes and counts", () => {
  it.each<[number, string]>([
    [84, "84 ms"],
    [2350, "2.4 s"],
    [130_000, "2 min 10 s"],
  ])("writes %i ms", (ms, text) => {
    expect(ENGLISH.duration(ms)).toBe(text);
  });

  it.each<[number, string]>([
    [232, "232 bytes"],
    [1500, "1.5 KB"],
    [25_000_000, "25 MB"],
  ])("writes %i B", (size, text) => {
    expect(ENGLISH.fileSize(size)).toBe(text);
  });

  it("tells how long ago, in the page's own words", () => {
    const past = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();
    expect(ENGLISH.ago(past(20), NOW)).toBe("just now");
    expect(GERMAN.ago(past(300), NOW)).toBe("5 minutes ago");
    expect(ENGLISH.ago(past(86_400), NOW)).toBe("yesterday");
    expect(GERMAN.ago(past(30 * 86_400), NOW)).toBe(GERMAN.day(past(30 * 86_400)));
  });

  it("counts one and many", () => {
    expect([1, 2000].map((number) => ENGLISH.count(number, "picture"))).toEqual(["1 picture", "2,000 pictures"]);
    expect(ENGLISH.count(2, "person", "people")).toBe("2 people");
  });
});
