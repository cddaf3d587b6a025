import type { HourOfPictures as Hour } from "../api/types";

/** Outcomes by hour, as a chart and a table have them. Pure. */

/** From the bottom of a bar to its top. */
export const OUTCOMES = ["classified", "inReview", "rejected", "failed", "waiting"] as const;
export type Outcome = (typeof OUTCOMES)[number];
export const OUTCOME_NAMES: Record<Outcome, string> = {
  classified: "Done",
  inReview: "In review",
  rejected: "Refused",
  failed: "Failed",
  waiting: "On the way",
};

export function totalOf(hour: Hour): number {
  return OUTCOMES.reduce((sum, outcome) => sum + hour[outcome], 0);
}

export function sumOf(hours: Hour[]): Record<Outcome, number> & { total: number } {
  const sum = { classified: 0, inReview: 0, rejected: 0, failed: 0, waiting: 0, total: 0 };
  for (const hour of hours) {
    for (const outcome of OUTCOMES) sum[outcome] += hour[outcome];
    sum.total += totalOf(hour);
  }
  return sum;
}

/** The top of a scale: the least of 1, 2, 5, 10, 20, 50 … that is not below. */
export function roundTop(most: number): number {
  if (most <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return ([1, 2, 5, 10].find((step) => step * power >= most) ?? 10) * power;
}

export interface Piece {
  outcome: Outcome;
  /** Parts of the chart's height, from its bottom. */
  from: number;
  to: number;
}

export function piecesOf(hour: Hour, top: number): Piece[] {
  let from = 0;
  return OUTCOMES.flatMap((outcome) => {
    const to = from + hour[outcome] / top;
    const piece = { outcome, from, to };
    from = to;
    return piece.to > piece.from ? [piece] : [];
  });
}
