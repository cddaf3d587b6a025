import type { HistoryItem, ImageFailure } from "../api/types";

export type StepOutcome = "done" | "running" | "failed";

export interface Step {
  state: string;
  outcome: StepOutcome;
  /** Parts of the whole time, 0 to 1: where the step began, how long it took. */
  offset: number;
  length: number;
  milliseconds: number;
  enteredAt: string;
  retries: number;
  error: ImageFailure | null;
}

export interface Timeline {
  steps: Step[];
  totalMilliseconds: number;
}

const FAILURES = new Set(["FAILED", "ABORTED", "TIMED_OUT"]);

function outcomeOf(item: HistoryItem): StepOutcome {
  if (item.error) return "failed";
  if (FAILURES.has(item.status)) return "failed";
  return item.exitedAt ? "done" : "running";
}

/** The states in order of their beginning, placed on one scale. A state that runs lasts until `now`. */
export function timelineOf(history: HistoryItem[], now: number = Date.now()): Timeline {
  const spans = history
    .map((item) => {
      const start = new Date(item.enteredAt).getTime();
      const end = item.exitedAt ? new Date(item.exitedAt).getTime() : Math.max(now, start);
      return { item, start, end: Math.max(start, end) };
    })
    .sort((a, b) => a.start - b.start);
  const first = Math.min(...spans.map((span) => span.start));
  const last = Math.max(...spans.map((span) => span.end));
  const whole = spans.length > 0 ? Math.max(1, last - first) : 1;
  const steps = spans.map(({ item, start, end }) => ({
    state: item.state,
    outcome: outcomeOf(item),
    offset: (start - first) / whole,
    length: (end - start) / whole,
    milliseconds: end - start,
    enteredAt: item.enteredAt,
    retries: item.retries ?? 0,
    error: item.error ?? null,
  }));
  return { steps, totalMilliseconds: spans.length > 0 ? last - first : 0 };
}
