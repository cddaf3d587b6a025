import type { UseQueryResult } from "@tanstack/react-query";
import { Check, LoaderCircle, X } from "lucide-react";
import type { HistoryItem } from "../api/types";
import { Button } from "../ui/Button";
import { duration, timeOfDay } from "./format";
import { stateWords } from "./state_words";
import { type Step, timelineOf } from "./timeline";
import styles from "./WorkflowTimeline.module.css";

interface Props {
  history: UseQueryResult<HistoryItem[]>;
  pending: boolean;
}

export function WorkflowTimeline({ history, pending }: Props) {
  if (history.data === undefined) {
    if (!history.isError) return <p className={styles.note}>Loading…</p>;
    return (
      <p className={styles.note}>
        {history.error.message}{" "}
        <Button small onClick={() => void history.refetch()}>
          Try again
        </Button>
      </p>
    );
  }
  if (history.data.length === 0) {
    return <p className={styles.note}>{pending ? "It hasn't begun yet." : "Its steps are no longer on record."}</p>;
  }
  const { steps, totalMilliseconds } = timelineOf(history.data);
  return (
    <>
      <ol className={styles.steps}>
        {steps.map((step, index) => (
          <StepRow key={`${index}-${step.state}`} step={step} />
        ))}
      </ol>
      <p className={styles.total}>
        {pending ? "So far" : "In all"} <span className="tabular">{duration(totalMilliseconds)}</span>
      </p>
      <details className={styles.details}>
        <summary>Details</summary>
        <ol>
          {steps.map((step, index) => (
            <li key={`${index}-${step.state}`}>
              <span>{step.state}</span>
              <time dateTime={step.enteredAt}>{timeOfDay(step.enteredAt)}</time>
            </li>
          ))}
        </ol>
      </details>
    </>
  );
}

const OUTCOMES = {
  done: { icon: <Check aria-hidden="true" />, name: "done" },
  running: { icon: <LoaderCircle aria-hidden="true" />, name: "running" },
  failed: { icon: <X aria-hidden="true" />, name: "failed" },
};

function StepRow({ step }: { step: Step }) {
  const outcome = OUTCOMES[step.outcome];
  return (
    <li data-outcome={step.outcome}>
      <span className={styles.mark}>
        {outcome.icon}
        <span className="visually-hidden">{outcome.name}</span>
      </span>
      <span className={styles.state}>{stateWords(step.state)}</span>
      <span className={`${styles.time} tabular`}>{duration(step.milliseconds)}</span>
      <span className={styles.track} aria-hidden="true">
        <span style={{ left: `${step.offset * 100}%`, width: `${step.length * 100}%` }} />
      </span>
      {(step.error || step.retries > 0) && (
        <span className={styles.error}>
          {step.error && <code>{step.error.name}</code>}
          {step.retries > 0 && ` tried ${step.retries + 1} times`}
        </span>
      )}
    </li>
  );
}
