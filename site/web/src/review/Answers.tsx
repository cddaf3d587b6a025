import { useCallback, useEffect, useId, useRef, useState } from "react";
import { Button } from "../ui/Button";
import fields from "../ui/field.module.css";
import { search } from "./labels";
import styles from "./ReviewPage.module.css";
import { useKeys } from "./useKeys";
import type { ReviewDesk } from "./useReviewDesk";

/** The labels with their keys, a search for the others, and the answers that are no label. */
export function Answers({ labels, desk }: { labels: string[]; desk: ReviewDesk }) {
  const [keys, note] = useKeys(labels);
  const give = useCallback(
    (label: string) => {
      note(label);
      desk.answer("LABEL", label);
    },
    [note, desk],
  );
  const searching = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest("input:not([type=checkbox]), dialog");
      if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
      const label = keys.find(({ key }) => key === event.key)?.label;
      const act: Record<string, () => void> = {
        0: () => desk.answer("NONE"),
        x: () => desk.answer("UNUSABLE"),
        s: desk.skip,
        u: desk.undo,
        "/": () => searching.current?.focus(),
      };
      const chosen = label === undefined ? act[event.key.toLowerCase()] : () => give(label);
      if (chosen === undefined) return;
      event.preventDefault();
      chosen();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [keys, desk, give]);

  return (
    <>
      <ul className={styles.labels}>
        {keys.map(({ key, label }) => (
          <li key={label}>
            <Button className={styles.answer} aria-keyshortcuts={key} onClick={() => give(label)}>
              <kbd>{key}</kbd>
              <span>{label}</span>
            </Button>
          </li>
        ))}
      </ul>
      <Search labels={labels} input={searching} onChoose={give} />
      <div className={styles.others}>
        <Button aria-keyshortcuts="0" onClick={() => desk.answer("NONE")}>
          <kbd>0</kbd> None of these
        </Button>
        <Button aria-keyshortcuts="x" onClick={() => desk.answer("UNUSABLE")}>
          <kbd>X</kbd> Unusable
        </Button>
        <Button look="quiet" aria-keyshortcuts="s" onClick={desk.skip}>
          <kbd>S</kbd> Skip
        </Button>
      </div>
    </>
  );
}

interface SearchProps {
  labels: string[];
  input: React.RefObject<HTMLInputElement | null>;
  onChoose: (label: string) => void;
}

/** For hundreds of labels, and for one that nobody has given yet. */
function Search({ labels, input, onChoose }: SearchProps) {
  const [typed, setTyped] = useState("");
  const id = useId();
  const found = search(labels, typed);
  const fresh = typed.trim();
  const isNew = fresh !== "" && !labels.includes(fresh);
  const choose = (label: string) => {
    setTyped("");
    input.current?.blur();
    onChoose(label);
  };
  return (
    <form
      className={styles.search}
      onSubmit={(event) => {
        event.preventDefault();
        const best = labels.includes(fresh) ? fresh : (found[0] ?? fresh);
        if (best !== "") choose(best);
      }}
    >
      <label htmlFor={id}>Another label</label>
      <input
        id={id}
        className={fields.field}
        ref={input}
        value={typed}
        maxLength={256}
        autoComplete="off"
        placeholder="Type to find ( / )"
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          setTyped("");
          event.currentTarget.blur();
        }}
      />
      {fresh !== "" && (
        <ul>
          {found.map((label) => (
            <li key={label}>
              <Button small onClick={() => choose(label)}>
                {label}
              </Button>
            </li>
          ))}
          {isNew && (
            <li>
              <Button small look="quiet" onClick={() => choose(fresh)}>
                Use “{fresh}”
              </Button>
            </li>
          )}
        </ul>
      )}
    </form>
  );
}
