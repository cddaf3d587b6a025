import { useRef } from "react";
import type { HourOfPictures as Hour } from "../api/types";
import { Axes } from "../chart/Axes";
import frame from "../chart/Frame.module.css";
import { linear, timeTicks } from "../chart/scale";
import { useWidth } from "../chart/useWidth";
import { count, integer, moment } from "../pictures/format";
import { Table } from "../ui/Table";
import styles from "./OutcomesChart.module.css";
import { OUTCOME_NAMES, OUTCOMES, piecesOf, roundTop, sumOf, totalOf } from "./outcomes";

const HEIGHT = 220;
const MARGIN = { top: 12, right: 12, bottom: 28, left: 44 };

/** What became of the pictures of each hour, as bars; the same as a table behind them. */
export function OutcomesChart({ hours }: { hours: Hour[] }) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const sum = sumOf(hours);
  const busiest = hours.reduce<Hour | null>(
    (most, hour) => (totalOf(hour) > (most ? totalOf(most) : 0) ? hour : most),
    null,
  );
  const top = roundTop(busiest ? totalOf(busiest) : 1);
  const inner = { width: Math.max(0, width - MARGIN.left - MARGIN.right), height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const step = hours.length > 0 ? inner.width / hours.length : 0;
  const y = (part: number) => MARGIN.top + inner.height * (1 - part);
  const first = new Date(hours[0]?.hour ?? 0).getTime();
  const span = hours.length * 3_600_000;
  const ticks = timeTicks(first, first + span, Math.max(2, Math.floor(width / 80)));
  const said = busiest
    ? `Most in the hour of ${moment(busiest.hour)}: ${count(totalOf(busiest), "picture")}.`
    : "None in this time.";
  return (
    <>
      <div className={`${frame.chart} ${styles.chart}`} ref={box}>
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`Outcomes by hour: ${count(sum.total, "picture")}, ${OUTCOMES.map((each) => `${sum[each]} ${OUTCOME_NAMES[each].toLowerCase()}`).join(", ")}. ${said}`}
        >
          <Axes
            size={{ width, height: HEIGHT }}
            margin={MARGIN}
            levels={[0, 0.5, 1].map((level) => ({
              y: y(level),
              text: Number.isInteger(top * level) || level === 1 ? integer(top * level) : null,
            }))}
            ticks={ticks}
            x={linear([first, first + span], [MARGIN.left, width - MARGIN.right])}
            span={span}
          />
          {hours.map((hour, index) => (
            <g key={hour.hour}>
              <title>{describe(hour)}</title>
              {piecesOf(hour, top).map(({ outcome, from, to }) => (
                <rect
                  key={outcome}
                  className={styles[outcome]}
                  x={MARGIN.left + index * step + step * 0.1}
                  width={step * 0.8}
                  y={y(to)}
                  height={Math.max(1, y(from) - y(to))}
                />
              ))}
            </g>
          ))}
        </svg>
        <ul className={`${frame.key} ${styles.key}`}>
          {OUTCOMES.map((outcome) => (
            <li key={outcome} className={styles[outcome]}>
              {OUTCOME_NAMES[outcome]} <span className="tabular">{integer(sum[outcome])}</span>
            </li>
          ))}
        </ul>
      </div>
      <details className={styles.behind}>
        <summary>The same as a table</summary>
        <Table
          caption="Outcomes by hour"
          rows={hours.filter((hour) => totalOf(hour) > 0).reverse()}
          keyOf={(hour) => hour.hour}
          columns={[
            { name: "Hour from", cell: (hour) => moment(hour.hour), isText: true },
            ...OUTCOMES.map((outcome) => ({
              name: OUTCOME_NAMES[outcome],
              cell: (hour: Hour) => integer(hour[outcome]),
            })),
            { name: "All", cell: (hour) => integer(totalOf(hour)) },
          ]}
        />
      </details>
    </>
  );
}

function describe(hour: Hour): string {
  const parts = OUTCOMES.filter((outcome) => hour[outcome] > 0).map(
    (outcome) => `${hour[outcome]} ${OUTCOME_NAMES[outcome].toLowerCase()}`,
  );
  return `${moment(hour.hour)}: ${parts.join(", ") || "none"}`;
}
