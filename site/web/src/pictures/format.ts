/**
 * Numbers and times as the page writes them: this file alone decides how, and tests/format.test.ts holds the others
 * to it. Numbers, dates and clock times are the reader's own, by the browser's language and region. The words around
 * them are English, as the page is, and so is "5 minutes ago".
 */

const UNITS = ["bytes", "KB", "MB", "GB"];

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** Rounded down to a tenth of a percent, as in e-mails and on pictures: what missed a threshold never reads as it. */
function tenths(part: number): number {
  return Math.floor(part * 1000 + 1e-9) / 1000;
}

/** All ways of writing for one locale; without one, for the browser's. */
export function formatsFor(locale?: string) {
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const percents = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
  const scores = new Intl.NumberFormat(locale, {
    style: "percent",
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
  const money = new Intl.NumberFormat(locale, { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" });
  const moments = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  const days = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const shortDays = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
  const minutes = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
  const seconds = new Intl.DateTimeFormat(locale, { timeStyle: "medium" });
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

  /** 2000 → "2,000". */
  const integer = (number: number) => whole.format(number);

  /** With so many digits behind the point: 0.4 → "0.40". */
  const decimal = (number: number, digits: number) =>
    number.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });

  const day = (iso: string) => days.format(new Date(iso));

  return {
    integer,
    decimal,
    day,

    count: (number: number, one: string, many: string = `${one}s`) => `${integer(number)} ${number === 1 ? one : many}`,

    /** 0.9312 → "93.1%". */
    percent: (part: number) => percents.format(tenths(part)),

    /** The same for a column of scores: always one decimal, and what is hardly anything isn't written as nothing. */
    score: (part: number) => (part > 0 && part < 0.001 ? `<${scores.format(0.001)}` : scores.format(tenths(part))),

    /** "$1.23", and what is less than a cent not as nothing. */
    dollars: (amount: number) => (amount > 0 && amount < 0.01 ? `under ${money.format(0.01)}` : money.format(amount)),

    moment: (iso: string) => moments.format(new Date(iso)),
    timeOfDay: (iso: string) => seconds.format(new Date(iso)),

    /** What stands below a chart, as fine as it must be. */
    tick: (time: number, unit: "second" | "minute" | "day") =>
      ({ second: seconds, minute: minutes, day: shortDays })[unit].format(time),

    /** "just now", "5 minutes ago", "yesterday"; a date when it is more than a week ago. */
    ago: (iso: string, now: number = Date.now()) => {
      const passed = (now - new Date(iso).getTime()) / 1000;
      if (passed > 7 * 86_400) return day(iso);
      for (const [unit, length] of STEPS) {
        if (passed >= length) return relative.format(-Math.floor(passed / length), unit);
      }
      return "just now";
    },

    /** 84 → "84 ms", 2350 → "2.4 s", 130000 → "2 min 10 s". */
    duration: (milliseconds: number) => {
      if (milliseconds < 1000) return `${integer(milliseconds)} ms`;
      if (milliseconds < 60_000) return `${decimal(milliseconds / 1000, 1)} s`;
      const passed = Math.round(milliseconds / 1000);
      return `${integer(Math.floor(passed / 60))} min ${passed % 60} s`;
    },

    /** 1500 → "1.5 KB". */
    fileSize: (bytes: number) => {
      let size = bytes;
      let unit = 0;
      while (size >= 1000 && unit < UNITS.length - 1) {
        size /= 1000;
        unit += 1;
      }
      return `${unit === 0 ? integer(size) : decimal(size, size < 10 ? 1 : 0)} ${UNITS[unit]}`;
    },
  };
}

export const {
  integer,
  decimal,
  percent,
  score,
  dollars,
  count,
  moment,
  timeOfDay,
  day,
  tick,
  ago,
  duration,
  fileSize,
} = formatsFor();
