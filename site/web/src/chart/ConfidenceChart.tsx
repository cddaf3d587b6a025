import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { count, moment, percent } from "../pictures/format";
import { Axes } from "./Axes";
import styles from "./ConfidenceChart.module.css";
import frame from "./Frame.module.css";
import { linear, type Sample, timeTicks } from "./scale";
import { useWidth } from "./useWidth";

const HEIGHT = 340;
const MARGIN = { top: 16, right: 20, bottom: 34, left: 46 };
const LEVELS = [0, 0.25, 0.5, 0.75, 1];
const REACH = 28;

interface Point {
  sample: Sample;
  x: number;
  y: number;
}

interface Props {
  samples: Sample[];
  threshold: number;
  /** The line was dragged. The slider beside the chart does the same by keys. */
  setThreshold: (threshold: number) => void;
}

/** Each picture's confidence at its time, and the threshold. Arrow keys walk the points, Enter opens one. */
export function ConfidenceChart({ samples, threshold, setThreshold }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  // A picture and not its place: older ones may come while somebody looks, and stand before it.
  const [active, setActive] = useState<string | null>(null);
  const navigate = useNavigate();
  const dragging = useRef(false);

  const first = samples[0]?.time ?? 0;
  const last = samples.at(-1)?.time ?? 0;
  const x = linear([first, last], [MARGIN.left + 8, width - MARGIN.right]);
  const y = linear([0, 1], [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const points = samples.map((sample) => ({ sample, x: x(sample.time), y: y(sample.confidence) }));
  const ticks = last > first ? timeTicks(first, last, Math.max(2, Math.floor(width / 110))) : [first];
  const chosen = points.find(({ sample }) => sample.imageId === active) ?? null;
  const open = (point: Point | null) => {
    if (point) void navigate(`/images/${encodeURIComponent(point.sample.imageId)}`);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const next = stepTo(event.key, active, samples);
    if (next !== null) {
      event.preventDefault();
      setActive(next);
    } else if (event.key === "Enter") open(chosen);
    else if (event.key === "Escape") setActive(null);
  };
  const onPointerMove = (event: PointerEvent<SVGSVGElement>) => {
    const frame = event.currentTarget.getBoundingClientRect();
    setActive(nearest(points, event.clientX - frame.left, event.clientY - frame.top));
  };

  return (
    <div className={`${frame.chart} ${styles.chart}`} ref={box}>
      <svg
        width={width}
        height={HEIGHT}
        role="application"
        aria-roledescription="chart"
        aria-label={`Confidence of ${count(samples.length, "picture")} over time. Threshold ${percent(threshold)}. Arrow keys move between pictures, Enter opens one.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move between the pictures in it
        tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerMove={onPointerMove}
        onPointerLeave={() => setActive(null)}
        onClick={() => open(chosen)}
        data-over={chosen !== null}
      >
        <Axes
          size={{ width, height: HEIGHT }}
          margin={MARGIN}
          levels={LEVELS.map((level) => ({ y: y(level), text: percent(level) }))}
          ticks={ticks}
          x={x}
          span={last - first}
        />
        <g className={styles.threshold}>
          <line x1={MARGIN.left} x2={width - MARGIN.right} y1={y(threshold)} y2={y(threshold)} />
          {/* biome-ignore lint/a11y/noStaticElementInteractions: the slider below does the same by keys */}
          <line
            className={styles.handle}
            x1={MARGIN.left}
            x2={width - MARGIN.right}
            y1={y(threshold)}
            y2={y(threshold)}
            onPointerDown={(event) => {
              event.currentTarget.setPointerCapture(event.pointerId);
              dragging.current = true;
            }}
            onPointerMove={(event) => {
              if (!dragging.current) return;
              const top = event.currentTarget.ownerSVGElement?.getBoundingClientRect().top ?? 0;
              const value = linear([HEIGHT - MARGIN.bottom, MARGIN.top], [0, 1])(event.clientY - top);
              setThreshold(Math.round(Math.min(1, Math.max(0, value)) * 200) / 200);
            }}
            onPointerUp={() => {
              dragging.current = false;
            }}
            onClick={(event) => event.stopPropagation()}
          />
        </g>
        {points.map((point) => (
          <Mark key={point.sample.imageId} point={point} />
        ))}
        {chosen && <circle className={styles.ring} cx={chosen.x} cy={chosen.y} r={9} />}
      </svg>
      {chosen && <Tip point={chosen} width={width} />}
      <p className="visually-hidden" role="status">
        {chosen ? describe(chosen.sample) : ""}
      </p>
      <ul className={`${frame.key} ${styles.key}`}>
        <li data-kind="accepted">Accepted</li>
        <li data-kind="refused">Refused or failed</li>
        <li data-kind="threshold">Threshold {percent(threshold)}</li>
      </ul>
    </div>
  );
}

/** Accepted ones are dots, the others diamonds: the difference isn't in the colour alone. */
function Mark({ point: { sample, x, y } }: { point: Point }) {
  if (sample.accepted) return <circle className={styles.accepted} cx={x} cy={y} r={4.5} />;
  return <path className={styles.refused} d={`M${x} ${y - 6}l6 6l-6 6l-6-6z`} />;
}

function Tip({ point: { sample, x, y }, width }: { point: Point; width: number }) {
  const left = Math.min(Math.max(x, 110), Math.max(110, width - 110));
  return (
    <div className={styles.tip} data-below={y < 110} style={{ left, top: y }} aria-hidden="true">
      <strong>{sample.title}</strong>
      <span>
        {sample.label} <span className="tabular">{percent(sample.confidence)}</span>
      </span>
      <span className={styles.tipTime}>{moment(new Date(sample.time).toISOString())}</span>
    </div>
  );
}

function describe(sample: Sample): string {
  const ending = sample.accepted ? "accepted" : "not accepted";
  return `${sample.title}: ${sample.label}, ${percent(sample.confidence)}, ${ending}, ${moment(new Date(sample.time).toISOString())}`;
}

/** The picture that a key leads to from another, by their ids; null for other keys. */
export function stepTo(key: string, active: string | null, samples: readonly Sample[]): string | null {
  const at = samples.findIndex(({ imageId }) => imageId === active);
  const last = samples.length - 1;
  const places: Record<string, number> = {
    ArrowRight: Math.min(last, at + 1),
    ArrowLeft: at < 0 ? last : Math.max(0, at - 1),
    Home: 0,
    End: last,
  };
  const place = places[key];
  return place === undefined ? null : (samples[place]?.imageId ?? null);
}

function nearest(points: Point[], x: number, y: number): string | null {
  let best: string | null = null;
  let least = REACH;
  for (const point of points) {
    const distance = Math.hypot(point.x - x, point.y - y);
    if (distance < least) {
      least = distance;
      best = point.sample.imageId;
    }
  }
  return best;
}
