/** Numbers and times as the page writes them. */

const percentFormat = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
// Dates as the reader's own language and region write them; words around them are English, as the page is.
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const dayFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** 0.9312 → "93.1%". Rounds down, so that nothing below a threshold is written as if it had met it. */
export function percent(part: number): string {
  return percentFormat.format(Math.floor(part * 1000 + 1e-9) / 1000);
}

/** The same for a column of scores: always one decimal, and what is hardly anything isn't written as nothing. */
export function score(part: number): string {
  return part > 0 && part < 0.001 ? "<0.1%" : `${(Math.floor(part * 1000 + 1e-9) / 10).toFixed(1)}%`;
}

export function moment(iso: string): string {
  return dateTime.format(new Date(iso));
}

export function timeOfDay(iso: string): string {
  return clock.format(new Date(iso));
}

export function day(iso: string): string {
  return dayFormat.format(new Date(iso));
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** "just now", "5 minutes ago", "yesterday"; a date when it is more than a week ago. */
export function ago(iso: string, now: number = Date.now()): string {
  const seconds = (now - new Date(iso).getTime()) / 1000;
  if (seconds > 7 * 86_400) return day(iso);
  for (const [unit, length] of STEPS) {
    if (seconds >= length) return relative.format(-Math.floor(seconds / length), unit);
  }
  return "just now";
}

/** 84 → "84 ms", 2350 → "2.4 s", 130000 → "2 min 10 s". */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

const UNITS = ["bytes", "KB", "MB", "GB"];

export function fileSize(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(size < 10 ? 1 : 0)} ${UNITS[unit]}`;
}

export function count(number: number, one: string, many: string = `${one}s`): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}
