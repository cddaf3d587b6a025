import type { ReactNode } from "react";
import styles from "./Problem.module.css";

/** Why something that a person asked for was not done; read out at once. Nothing where there is nothing to say. */
export function Problem({ id, children }: { id?: string; children: ReactNode }) {
  if (!children) return null;
  return (
    <p className={styles.problem} role="alert" {...(id ? { id } : {})}>
      {children}
    </p>
  );
}
