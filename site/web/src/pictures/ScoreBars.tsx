import type { Prediction } from "../api/types";
import { percent, score as scoreText } from "./format";
import styles from "./ScoreBars.module.css";

/** The best five answers of the model as bars, the threshold as a line across them. */
export function ScoreBars({ predictions, threshold }: { predictions: Prediction[]; threshold: number | null }) {
  return (
    <>
      <ol className={styles.bars}>
        {predictions.slice(0, 5).map(({ label, score }, index) => (
          <li key={`${index}-${label}`} data-best={index === 0}>
            <span className={styles.label}>{label}</span>
            <span className="tabular">{scoreText(score)}</span>
            <span className={styles.track} aria-hidden="true">
              <span className={styles.fill} style={{ width: `${Math.min(1, Math.max(0, score)) * 100}%` }} />
              {threshold !== null && <span className={styles.threshold} style={{ left: `${threshold * 100}%` }} />}
            </span>
          </li>
        ))}
      </ol>
      {threshold !== null && (
        <p className={styles.key}>
          <span aria-hidden="true" /> Threshold {percent(threshold)}
        </p>
      )}
    </>
  );
}
