import type { ReactNode } from "react";
import styles from "./Figures.module.css";

export interface Figure {
  name: string;
  value: ReactNode;
  /** In small print beside it. */
  note?: ReactNode;
}

/** A row of numbers with their names. */
export function Figures({ items }: { items: Figure[] }) {
  return (
    <dl className={styles.figures}>
      {items.map(({ name, value, note }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {note && <span className={styles.note}> {note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
