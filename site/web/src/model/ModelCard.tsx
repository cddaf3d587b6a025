import { useId, useState } from "react";
import type { Model } from "../api/types";
import { count, day, percent } from "../pictures/format";
import { type Fact, Facts } from "../ui/Facts";
import fields from "../ui/field.module.css";
import styles from "./ModelCard.module.css";
import { accuracyInWords, findLabels } from "./words";

const MAX_SHOWN = 60;

/** What the model is, knows and cannot do, by its own card. Closed until somebody wants to know. */
export function ModelCard({ model }: { model: Model }) {
  const accuracy = model.accuracy;
  return (
    <details className={styles.card}>
      <summary>
        What the model knows
        <span className={styles.brief}>
          {[
            model.name,
            model.labels ? count(model.labels.count, "label") : "",
            accuracy ? `${percent(accuracy.value)} right` : "",
          ]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </summary>
      {!model.endpoint.inService && (
        <p className={styles.away}>It doesn't answer at the moment: its endpoint is {model.endpoint.status}.</p>
      )}
      {model.summary && <p>{model.summary}</p>}
      <ModelFacts model={model} />
      {model.labels && <Labels labels={model.labels} />}
      {model.limits && model.limits.length > 0 && (
        <section className={styles.limits}>
          <h3>What it can't do</h3>
          <ul>
            {model.limits.map((limit) => (
              <li key={limit}>{limit}</li>
            ))}
          </ul>
        </section>
      )}
      {model.unknown && model.unknown.length > 0 && <p className={styles.unknown}>{model.unknown.join(" ")}</p>}
    </details>
  );
}

function ModelFacts({ model }: { model: Model }) {
  const { input, share } = model;
  const facts: Fact[] = [
    ["How often it is right", accuracyInWords(model.accuracy) ?? "Not measured"],
    [model.trained ? "Trained" : "Here since", day(model.createdAt)],
    ["Accepted from", percent(model.threshold)],
    [
      "Looks at",
      input && `${input.width} × ${input.height} pixels, ${input.kind === "grey" ? "in grey" : "in colour"}`,
    ],
    ["Made of", model.source],
    ["Licence", model.license],
    ["Version", model.version],
    ["Traffic", share < 1 ? `${percent(share)} of the pictures are answered by it` : null],
  ];
  return <Facts items={facts} />;
}

function Labels({ labels }: { labels: NonNullable<Model["labels"]> }) {
  const id = useId();
  const [wanted, setWanted] = useState("");
  const found = findLabels(labels.items, wanted);
  const left = found.length - MAX_SHOWN;
  return (
    <section className={styles.labels} aria-label="Labels">
      <label htmlFor={id}>Does it know …?</label>
      <input
        id={id}
        className={`${fields.field} ${fields.small}`}
        type="search"
        value={wanted}
        autoComplete="off"
        placeholder={`Search ${count(labels.count, "label")}`}
        onChange={(event) => setWanted(event.target.value)}
      />
      <p role="status">
        {wanted.trim() === "" ? "" : found.length === 0 ? "No label is called so." : `${count(found.length, "label")}.`}
      </p>
      <ul>
        {found.slice(0, MAX_SHOWN).map((label) => (
          <li key={label}>{label}</li>
        ))}
      </ul>
      {left > 0 && <p>{count(left, "more label")} not shown: search for them.</p>}
      {!labels.complete && <p>Of {count(labels.count, "label")} the first thousand are here.</p>}
    </section>
  );
}
