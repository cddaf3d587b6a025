import type { ImageRecord } from "../api/types";

/**
 * The confidence that a picture had to meet: its record's own. A record that keeps none is of before thresholds
 * were kept; the stack's present one is said of it only where it explains the outcome, else null.
 */
export function thresholdOf(image: ImageRecord, usual: number): number | null {
  if (typeof image.threshold === "number") return image.threshold;
  if (typeof image.confidence !== "number") return usual;
  const met = image.confidence >= usual;
  if (image.status === "CLASSIFIED") return met ? usual : null;
  if (image.status === "REJECTED") return met ? null : usual;
  return usual;
}

/** "93" or "93,5 %", as a part of 1; null where nothing is typed. */
export function thresholdFrom(text: string): number | null | "wrong" {
  const typed = text.replace("%", "").replace(",", ".").trim();
  if (typed === "") return null;
  const value = Number(typed) / 100;
  return Number.isFinite(value) && value >= 0 && value <= 1 ? value : "wrong";
}
