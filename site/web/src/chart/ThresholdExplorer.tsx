import { RotateCcw } from "lucide-react";
import { useId } from "react";
import { count, integer, percent } from "../pictures/format";
import { Button } from "../ui/Button";
import { type Column, Table } from "../ui/Table";
import { acceptedAt, byLabel, histogram, type LabelRow, type Truth, truthAt } from "./explore";
import type { Sample } from "./scale";
import styles from "./ThresholdExplorer.module.css";

const MAX_LABELS = 12;

interface Props {
  samples: Sample[];
  /** The threshold that is in force, and the one that is tried: nothing but this view changes with it. */
  threshold: number;
  line: number;
  setLine: (line: number) => void;
}

/** What would be accepted at another threshold: in all, by confidence, by label. */
export function ThresholdExplorer({ samples, threshold, line, setLine }: Props) {
  const id = useId();
  const accepted = acceptedAt(samples, line);
  const change = accepted - acceptedAt(samples, threshold);
  return (
    <section className={styles.explorer} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Try another threshold</h2>
      <div className={styles.control}>
        <label htmlFor={id}>Threshold</label>
        <input
          id={id}
          type="range"
          min={0}
          max={1}
          step={0.005}
          value={line}
          aria-valuetext={percent(line)}
          onChange={(event) => setLine(Number(event.target.value))}
        />
        <span className={`${styles.value} tabular`} aria-hidden="true">
          {percent(line)}
        </span>
        <Button
          small
          look="quiet"
          icon={<RotateCcw aria-hidden="true" />}
          disabled={line === threshold}
          onClick={() => setLine(threshold)}
        >
          As it is
        </Button>
      </div>
      <p className={styles.said} role="status">
        <b>{count(accepted, "picture")} accepted</b>, {integer(samples.length - accepted)} refused
        {change !== 0 && `: ${integer(Math.abs(change))} ${change > 0 ? "more" : "fewer"} accepted than now`}.
      </p>
      <Precision samples={samples} line={line} />
      <div className={styles.views}>
        <Histogram samples={samples} line={line} />
        <Labels rows={byLabel(samples, line)} />
      </div>
    </section>
  );
}

/** How often the model was right on either side of the line, where a person has said what is true. */
function Precision({ samples, line }: { samples: Sample[]; line: number }) {
  const { accepted, refused } = truthAt(samples, line);
  if (accepted.decided + refused.decided === 0) return null;
  return (
    <div className={styles.precision}>
      <dl aria-live="polite">
        <Share name="Right, of the accepted" truth={accepted} />
        <Share name="Right, of the refused" truth={refused} />
      </dl>
      <p>
        Of the pictures that a person has decided or corrected. People look most at what the model was unsure of, so
        this is no share of all pictures.
      </p>
    </div>
  );
}

function Share({ name, truth: { decided, right } }: { name: string; truth: Truth }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {decided > 0 ? percent(right / decided) : "unknown"}
        <span>{decided > 0 ? `${integer(right)} of ${integer(decided)} decided` : "none of them decided"}</span>
      </dd>
    </div>
  );
}

function Histogram({ samples, line }: { samples: Sample[]; line: number }) {
  const bins = histogram(samples, line);
  const most = Math.max(1, ...bins.map((bin) => bin.accepted + bin.refused));
  return (
    <figure className={styles.histogram}>
      <svg
        viewBox="0 0 100 40"
        preserveAspectRatio="none"
        role="img"
        aria-label={`Pictures by confidence: ${bins
          .filter((bin) => bin.accepted + bin.refused > 0)
          .map((bin) => `${percent(bin.from)} to ${percent(bin.to)}: ${bin.accepted + bin.refused}`)
          .join(", ")}`}
      >
        {bins.map((bin) => {
          const refused = (bin.refused / most) * 40;
          const accepted = (bin.accepted / most) * 40;
          const x = bin.from * 100 + 0.4;
          return (
            <g key={bin.from}>
              <rect className={styles.refused} x={x} width={4.2} y={40 - refused} height={refused} />
              <rect className={styles.accepted} x={x} width={4.2} y={40 - refused - accepted} height={accepted} />
            </g>
          );
        })}
        <line className={styles.line} x1={line * 100} x2={line * 100} y1={0} y2={40} />
      </svg>
      <figcaption>
        <span>{percent(0)}</span>
        <span>Confidence</span>
        <span>{percent(1)}</span>
      </figcaption>
    </figure>
  );
}

function Labels({ rows }: { rows: LabelRow[] }) {
  const left = rows.length - MAX_LABELS;
  const columns: Column<LabelRow>[] = [
    { name: "Label", isText: true, cell: ({ label }) => label },
    { name: "Pictures", cell: ({ total }) => integer(total) },
    { name: "Accepted", cell: ({ accepted, total }) => percent(accepted / total) },
  ];
  if (rows.some((row) => row.decided > 0)) {
    columns.push({
      name: "Right of them",
      cell: ({ decided, right }) => (decided > 0 ? `${right} of ${decided}` : "–"),
    });
  }
  return (
    <div className={styles.labels}>
      <Table
        caption="Accepted by label"
        rows={rows.slice(0, MAX_LABELS)}
        keyOf={({ label }) => label}
        columns={columns}
      />
      {left > 0 && <p>{count(left, "rarer label")} not shown.</p>}
    </div>
  );
}
