import type { AuditedErrors, DriftShift, Quality } from "../api/types";
import { count, day, decimal, integer, percent } from "../pictures/format";

/** What people's answers say of a model, in words. Pure. */

const SHIFTS: Record<DriftShift["verdict"], string> = {
  none: "as evaluated",
  moderate: "moderate shift",
  large: "large shift",
};

/** "as evaluated (0.04)"; a dash where there is nothing to compare with. */
export function shiftInWords(shift: DriftShift | null): string {
  return shift === null ? "–" : `${SHIFTS[shift.verdict]} (${decimal(shift.index, 2)})`;
}

export function errorRate({ errorRate: rate }: AuditedErrors): string {
  return typeof rate === "number" ? percent(rate) : "unknown";
}

/** "between 0.5% and 4.9%: 3 of 120 audited"; what to do where nothing was. */
export function errorsInWords({ audited, wrong, low, high }: AuditedErrors): string {
  if (audited === 0) return "no accepted picture was audited: set the review stack's AuditPercentage";
  const range =
    typeof low === "number" && typeof high === "number" ? `between ${percent(low)} and ${percent(high)}: ` : "";
  return `${range}${integer(wrong)} of ${integer(audited)} audited`;
}

export function agreementInWords({ kappa, lookedAtTwice }: Quality): string {
  const several = `${count(lookedAtTwice, "picture")} with more than one answer`;
  return kappa === null ? several : `Fleiss' kappa, of ${several}`;
}

export function answersInWords({ people, answersAPersonAnHour: speed }: Quality): string {
  const by = `by ${count(people, "person", "people")}`;
  return speed === null ? by : `${by}, ${integer(Math.floor(speed))} a person an hour`;
}

/** The day on which an ISO 8601 week ("2026-W48") begins, as the reader writes days; itself where it is none. */
export function weekInWords(week: string): string {
  const found = /^(\d{4})-W(\d{2})$/.exec(week);
  if (found === null) return week;
  // The fourth of January is always in the first week; weeks begin on Monday.
  const fourth = new Date(Date.UTC(Number(found[1]), 0, 4));
  const monday = fourth.getTime() - ((fourth.getUTCDay() + 6) % 7) * 86_400_000;
  // Noon, so that it is the same day wherever the reader is, or nearly.
  return day(new Date(monday + (Number(found[2]) - 1) * 7 * 86_400_000 + 43_200_000).toISOString());
}
