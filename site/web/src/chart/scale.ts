import type { ImageRecord } from "../api/types";

/** A picture whose confidence is known, at its time. */
export interface Sample {
  imageId: string;
  title: string;
  label: string;
  confidence: number;
  time: number;
  accepted: boolean;
  /** What the model said, and whether a person found it right; null where nobody has decided. */
  guess: string;
  right: boolean | null;
}

/** The pictures that the model answered for, oldest first. */
export function samplesOf(images: ImageRecord[]): Sample[] {
  return images
    .filter((image) => typeof image.confidence === "number" && image.status !== "RECEIVED")
    .map((image) => ({
      imageId: image.imageId,
      title: image.title || "Untitled",
      label: image.label ?? "",
      confidence: image.confidence as number,
      time: new Date(image.createdAt).getTime(),
      accepted: image.status === "CLASSIFIED",
      guess: guessOf(image),
      right: image.labelledBy === "person" ? image.status === "CLASSIFIED" && image.label === guessOf(image) : null,
    }))
    .filter((sample) => Number.isFinite(sample.time))
    .sort((a, b) => a.time - b.time);
}

/** The model's best, which stays beside what a person says. */
function guessOf(image: ImageRecord): string {
  return image.predictions?.[0]?.label ?? image.label ?? "";
}

/** How many pictures have no confidence to draw, and why. */
export interface LeftOut {
  total: number;
  pending: number;
  failed: number;
}

export function leftOut(images: ImageRecord[]): LeftOut {
  const drawn = new Set(samplesOf(images).map((sample) => sample.imageId));
  const without = images.filter((image) => !drawn.has(image.imageId));
  const pending = without.filter((image) => image.status === "RECEIVED").length;
  return { total: without.length, pending, failed: without.length - pending };
}

export type Scale = (value: number) => number;

/** A straight line from a domain to a range; a domain without extent goes to the middle. */
export function linear([from, to]: [number, number], [start, end]: [number, number]): Scale {
  if (to === from) return () => (start + end) / 2;
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  SECOND,
  5 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  30 * DAY,
  90 * DAY,
  365 * DAY,
];

/** Round times within a span, at most `most` of them. */
export function timeTicks(from: number, to: number, most: number): number[] {
  const step = STEPS.find((length) => (to - from) / length <= most - 1) ?? 365 * DAY;
  const offset = new Date(from).getTimezoneOffset() * MINUTE;
  const first = Math.ceil((from - offset) / step) * step + offset;
  const ticks: number[] = [];
  for (let tick = first; tick <= to; tick += step) ticks.push(tick);
  return ticks;
}

/** How fine the text of a span's ticks must be. */
export function tickUnit(span: number): "second" | "minute" | "day" {
  if (span <= 2 * MINUTE) return "second";
  return span <= 2 * DAY ? "minute" : "day";
}

/** Mean confidence and the part that was accepted, both 0 to 1. */
export function summary(samples: Sample[]): { mean: number; acceptedPart: number } {
  if (samples.length === 0) return { mean: 0, acceptedPart: 0 };
  const total = samples.reduce((sum, sample) => sum + sample.confidence, 0);
  const accepted = samples.filter((sample) => sample.accepted).length;
  return { mean: total / samples.length, acceptedPart: accepted / samples.length };
}
