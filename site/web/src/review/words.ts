import { count } from "../pictures/format";
import { MAX_KEYS } from "./labels";

/** What a reviewer is told, in plain words. Pure. */

/** How to answer: with more labels than keys, also where the others are. */
export function howToAnswer(labels: number): string {
  const more = labels - MAX_KEYS;
  if (more <= 0) return "Choose a label, or press the key beside it.";
  return `Choose a label, press the key beside it, or find one of ${count(more, "other")} by typing: it gets a key, too.`;
}

/** Why there is no picture for this reviewer, though others may have some before them. */
export function nothingLeft({ done, waiting }: { done: number; waiting: number }): { title: string; said: string } {
  const elsewhere =
    waiting > 0
      ? `${count(waiting, "picture")} still ${waiting === 1 ? "waits" : "wait"}: other reviewers have them before them, ` +
        "or you have answered or skipped them. What is left comes here by itself."
      : "";
  if (done > 0) {
    const said = `You have reviewed ${count(done, "picture")}. ${elsewhere || "New ones appear here by themselves."}`;
    return { title: "All done, thank you", said };
  }
  if (elsewhere) return { title: "Nothing for you at the moment", said: elsewhere };
  const unsure = "Unsure is what lies between the stack's ReviewThreshold and its ConfidenceThreshold.";
  return {
    title: "Nothing waits",
    said: `Leave this open: pictures that the model is unsure of appear here by themselves. ${unsure}`,
  };
}
