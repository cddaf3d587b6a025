import type { Sample } from "./scale";

/** What another threshold would have let pass. Pure; confidences and thresholds are parts of 1. */

export interface Bin {
  from: number;
  to: number;
  accepted: number;
  refused: number;
}

export interface LabelRow {
  /** The model's. */
  label: string;
  total: number;
  accepted: number;
  /** Of the accepted: how many a person has decided, and how often the model was right. */
  decided: number;
  right: number;
}

/** Pictures that a person has decided, and how many of them the model named rightly. */
export interface Truth {
  decided: number;
  right: number;
}

/** What is known of the pictures that a line lets pass, and of those that it refuses. */
export function truthAt(samples: Sample[], line: number): { accepted: Truth; refused: Truth } {
  const accepted = { decided: 0, right: 0 };
  const refused = { decided: 0, right: 0 };
  for (const { confidence, right } of samples) {
    if (right === null) continue;
    const side = confidence >= line ? accepted : refused;
    side.decided += 1;
    if (right) side.right += 1;
  }
  return { accepted, refused };
}

export function acceptedAt(samples: Sample[], line: number): number {
  return samples.filter((sample) => sample.confidence >= line).length;
}

/** So many equal parts of 0 to 1; a picture at a border belongs to the upper one. */
export function histogram(samples: Sample[], line: number, count = 20): Bin[] {
  const bins = Array.from({ length: count }, (_, index) => ({
    from: index / count,
    to: (index + 1) / count,
    accepted: 0,
    refused: 0,
  }));
  for (const { confidence } of samples) {
    const bin = bins[Math.min(count - 1, Math.max(0, Math.floor(confidence * count + 1e-9)))];
    if (bin) bin[confidence >= line ? "accepted" : "refused"] += 1;
  }
  return bins;
}

/** A row a label of the model, the most frequent first. */
export function byLabel(samples: Sample[], line: number): LabelRow[] {
  const rows = new Map<string, LabelRow>();
  for (const { guess, confidence, right } of samples) {
    const row = rows.get(guess) ?? { label: guess, total: 0, accepted: 0, decided: 0, right: 0 };
    rows.set(guess, row);
    row.total += 1;
    if (confidence < line) continue;
    row.accepted += 1;
    if (right !== null) row.decided += 1;
    if (right) row.right += 1;
  }
  return [...rows.values()].sort((a, b) => b.total - a.total || a.label.localeCompare(b.label));
}
