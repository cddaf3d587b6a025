import { Ban, TriangleAlert } from "lucide-react";
import type { ImageFailure, ImageStatus } from "../api/types";
import { readableCause, reasonFor } from "./phase";
import styles from "./Reason.module.css";

/** Why a picture was refused or failed, and what to do about it. */
export function Reason({ failure, status }: { failure: ImageFailure; status: ImageStatus }) {
  const reason = reasonFor(failure.name);
  const refused = status === "REJECTED";
  return (
    <section
      className={styles.reason}
      data-refused={refused}
      aria-label={refused ? "Why it was refused" : "Why it failed"}
    >
      {refused ? <Ban aria-hidden="true" /> : <TriangleAlert aria-hidden="true" />}
      <div>
        <h2>{reason.title}</h2>
        <p>{reason.advice}</p>
        <details>
          <summary>Details</summary>
          <p>
            <code>{failure.name}</code>
          </p>
          <p>{readableCause(failure.cause)}</p>
        </details>
      </div>
    </section>
  );
}
