/** Which label has which key, and which are found by typing. Pure. */

const byName = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
export const MAX_KEYS = KEYS.length;

export interface KeyedLabel {
  key: string;
  label: string;
}

/** The labels that have keys, in the keys' order, and those of them that were given, the last one last. */
export interface Keyboard {
  onKeys: string[];
  given: string[];
}

const EMPTY: Keyboard = { onKeys: [], given: [] };

/** A key for each label as long as there are keys: as it was before, then in their own order. */
export function laidOut(labels: string[], before: Keyboard = EMPTY): Keyboard {
  const others = labels.filter((label) => !KEYS.includes(label)).sort(byName.compare);
  const most = MAX_KEYS - (labels.length - others.length);
  if (others.length <= most) return { onKeys: others, given: before.given.filter((label) => others.includes(label)) };
  const kept = before.onKeys.filter((label) => others.includes(label));
  const onKeys = [...kept, ...others.filter((label) => !kept.includes(label))].slice(0, most);
  return { onKeys, given: before.given.filter((label) => onKeys.includes(label)) };
}

/** After a label was given: it has a key from now on. What was given longest ago makes room, and nothing else moves. */
export function afterGiving(keyboard: Keyboard, label: string, labels: string[]): Keyboard {
  if (!labels.includes(label) || KEYS.includes(label)) return keyboard;
  const given = keyboard.given.filter((each) => each !== label);
  if (keyboard.onKeys.includes(label)) return { ...keyboard, given: [...given, label] };
  const oldest = keyboard.onKeys.find((each) => !given.includes(each)) ?? given[0];
  const onKeys = keyboard.onKeys.map((each) => (each === oldest ? label : each));
  return { onKeys, given: [...given.filter((each) => each !== oldest), label] };
}

/** Which key each of them has. A label that is a digit itself has its own. */
export function keyed(labels: string[], { onKeys }: Keyboard): KeyedLabel[] {
  const own = labels.filter((label) => KEYS.includes(label));
  const free = KEYS.filter((key) => !own.includes(key));
  const found = [
    ...own.map((label) => ({ key: label, label })),
    ...onKeys.slice(0, free.length).map((label, index) => ({ key: free[index] as string, label })),
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
