import { useSearchParams } from "react-router";
import styles from "./Periods.module.css";

interface Props {
  /** The name of the page's parameter, which the address keeps. */
  name: string;
  options: [value: number, text: string][];
  /** Where the address says nothing, or nothing that is offered. */
  usual: number;
}

/** The period that the address asks for. */
export function usePeriod({ name, options, usual }: Props): number {
  const [params] = useSearchParams();
  const asked = Number(params.get(name));
  return options.some(([value]) => value === asked) ? asked : usual;
}

/** The same address with another period; without one where it is the usual. What else it says stays. */
export function withPeriod(params: URLSearchParams, { name, usual }: Props, value: number): URLSearchParams {
  const next = new URLSearchParams(params);
  if (value === usual) next.delete(name);
  else next.set(name, String(value));
  return next;
}

/** Buttons to choose a period with. */
export function Periods(props: Props) {
  const chosen = usePeriod(props);
  const [, setParams] = useSearchParams();
  return (
    <fieldset className={styles.periods}>
      <legend className="visually-hidden">Period</legend>
      {props.options.map(([value, text]) => (
        <button
          key={value}
          type="button"
          aria-pressed={value === chosen}
          onClick={() => setParams((now) => withPeriod(now, props, value), { replace: true })}
        >
          {text}
        </button>
      ))}
    </fieldset>
  );
}
