import type { Model } from "../api/types";
import { count, percent } from "../pictures/format";

/** What a model's card says, put into sentences. Pure. */

/** As many labels as a sentence holds. */
const MAX_NAMED = 12;
const NAMED_OF_MANY = 4;

/** "10 labels: 0, 1, 2"; "1,000 labels, such as tench, goldfish"; null where the model names none. */
export function labelsInWords(labels: Model["labels"]): string | null {
  if (!labels) return null;
  const many = labels.count > MAX_NAMED;
  const named = labels.items.slice(0, many ? NAMED_OF_MANY : MAX_NAMED).join(", ");
  return `${count(labels.count, "label")}${many ? ", such as " : ": "}${named}`;
}

/** "99.1% of 360 pictures that it hadn't seen, between 97.5% and 99.7%". */
export function accuracyInWords(accuracy: Model["accuracy"]): string | null {
  if (!accuracy) return null;
  const { value, low, high, pictures, measured } = accuracy;
  const of = typeof pictures === "number" ? count(pictures, "picture") : "pictures";
  const range = typeof low === "number" && typeof high === "number";
  return [
    `${percent(value)} of ${of} that it hadn't seen`,
    range ? `, between ${percent(low)} and ${percent(high)}` : "",
    measured === "model" ? ", by its own account" : "",
  ].join("");
}

/** What to say of a picture that the model is unsure of: what it knows, in its card's own words. */
export function unsureHint(model: Model | null): string {
  const first = "Not sure enough: it would be refused. ";
  const known = model === null ? null : labelsInWords(model.labels);
  if (model === null || known === null) {
    return `${first}The model chooses among the labels it was trained with, whatever it is shown; of this it may know none.`;
  }
  const few = model.labels !== null && model.labels !== undefined && model.labels.count <= MAX_NAMED;
  const what = few ? `This model knows ${known}.` : `This model knows ${known}: look below for what it has.`;
  return `${first}${what} It answers with one of them whatever it is shown.`;
}

/** The labels that hold every word of what is looked for, those that begin with it first. */
export function findLabels(labels: readonly string[], wanted: string): string[] {
  const words = wanted.toLocaleLowerCase("en").split(/\s+/).filter(Boolean);
  const found = labels.filter((label) => {
    const low = label.toLocaleLowerCase("en");
    return words.every((word) => low.includes(word));
  });
  const [first] = words;
  if (first === undefined) return found;
  const begins = (label: string) => label.toLocaleLowerCase("en").startsWith(first);
  return [...found.filter(begins), ...found.filter((label) => !begins(label))];
}
