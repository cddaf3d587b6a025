/** Which label has which key, and which are found by typing. Pure. */

const byName = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
export const MAX_KEYS = KEYS.length;

export interface KeyedLabel {
  key: string;
  label: string;
}

/** A key for each of the first nine labels, in their order. A label that is a digit itself has its own. */
export function keyed(labels: string[]): KeyedLabel[] {
  const sorted = [...labels].sort(byName.compare);
  const own = sorted.filter((label) => KEYS.includes(label));
  const free = KEYS.filter((key) => !own.includes(key));
  const others = sorted.filter((label) => !own.includes(label)).slice(0, free.length);
  const found = [
    ...own.map((label) => ({ key: label, label })),
    ...others.map((label, index) => ({ key: free[index] as string, label })),
  ];
  return found.sort((a, b) => a.key.localeCompare(b.key));
}

/** Labels that hold what was typed, those that begin so first; at most `limit`. */
export function search(labels: string[], typed: string, limit = 8): string[] {
  const wanted = typed.trim().toLowerCase();
  if (wanted === "") return [];
  return labels
    .filter((label) => label.toLowerCase().includes(wanted))
    .sort((a, b) => Number(b.toLowerCase().startsWith(wanted)) - Number(a.toLowerCase().startsWith(wanted)))
    .slice(0, limit);
}
