import { tick as tickText } from "../pictures/format";
import styles from "./Frame.module.css";
import { type Scale, tickUnit } from "./scale";

interface Props {
  size: { width: number; height: number };
  margin: { left: number; right: number };
  /** Lines across: where, and what is written beside each. */
  levels: { y: number; text: string | null }[];
  /** Moments below, in milliseconds, where they stand, and how much time the chart covers. */
  ticks: number[];
  x: Scale;
  span: number;
}

/** A chart's lines across and the times below it. */
export function Axes({ size, margin, levels, ticks, x, span }: Props) {
  return (
    <>
      {levels.map(({ y, text }) => (
        <g key={y} className={styles.level}>
          <line x1={margin.left} x2={size.width - margin.right} y1={y} y2={y} />
          {text !== null && (
            <text x={margin.left - 8} y={y}>
              {text}
            </text>
          )}
        </g>
      ))}
      {ticks.map((tick) => (
        <text key={tick} className={styles.tick} x={x(tick)} y={size.height - 9} data-last={x(tick) > size.width - 40}>
          {tickText(tick, tickUnit(span))}
        </text>
      ))}
    </>
  );
}
