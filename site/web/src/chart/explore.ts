import type { Sample } from "./scale";

/** What another threshold would have let pass. Pure; confidences and thresholds are parts of 1. */

export interface Bin {
  from: number;
  to: number;
  accepted: number;
  refused: number;
}

export interface LabelRow {
  label: string;
  total: number;
  accepted: number;
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

/** A row a label, the most frequent first. */
export function byLabel(samples: Sample[], line: number): LabelRow[] {
  const rows = new Map<string, LabelRow>();
  for (const { label, confidence } of samples) {
    const row = rows.get(label) ?? { label, total: 0, accepted: 0 };
    row.total += 1;
    if (confidence >= line) row.accepted += 1;
    rows.set(label, row);
  }
  return [...rows.values()].sort((a, b) => b.total - a.total || a.label.localeCompare(b.label));
}
