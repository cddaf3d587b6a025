import { useCallback, useMemo, useState } from "react";
import { afterGiving, type Keyboard, type KeyedLabel, keyed, laidOut } from "./labels";

const SETTING = "loupe.review.keys";

/** The labels that have keys, and what to say when one was given: where labels are many, it gets a key. */
export function useKeys(labels: string[]): [KeyedLabel[], (label: string) => void] {
  const [before, setBefore] = useState(remembered);
  const keyboard = useMemo(() => laidOut(labels, before), [labels, before]);
  const note = useCallback(
    (label: string) => {
      const after = afterGiving(keyboard, label, labels);
      if (after === keyboard) return;
      localStorage.setItem(SETTING, JSON.stringify(after));
      setBefore(after);
    },
    [keyboard, labels],
  );
  return [useMemo(() => keyed(labels, keyboard), [labels, keyboard]), note];
}

function remembered(): Keyboard | undefined {
  try {
    const said: Partial<Keyboard> | null = JSON.parse(localStorage.getItem(SETTING) ?? "null");
    if (said && areTexts(said.onKeys) && areTexts(said.given)) return { onKeys: said.onKeys, given: said.given };
  } catch {
    // Somebody else's, or half of it.
  }
  return undefined;
}

function areTexts(said: unknown): said is string[] {
  return Array.isArray(said) && said.every((each) => typeof each === "string");
}
