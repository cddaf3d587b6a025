import { useEffect, useRef } from "react";
import styles from "./ReviewPage.module.css";

const KEYS = [
  ["1 to 9", "the label beside the key"],
  ["/", "find another label"],
  ["0", "none of these labels fits"],
  ["X", "nothing in the picture can be named"],
  ["S", "leave it to others"],
  ["U", "take the last answer back, for ten seconds"],
  ["?", "show these keys"],
] as const;

/** The keys, folded away; ? unfolds them. */
export function Help() {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLInputElement && event.target.type !== "checkbox";
      if (typing || event.key !== "?" || details.current === null) return;
      details.current.open = !details.current.open;
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  return (
    <details className={styles.help} ref={details}>
      <summary>
        Keys <kbd>?</kbd>
      </summary>
      <dl>
        {KEYS.map(([key, means]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{means}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
