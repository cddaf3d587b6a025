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
          onClick={() => setParams(value === props.usual ? {} : { [props.name]: String(value) }, { replace: true })}
        >
          {text}
        </button>
      ))}
    </fieldset>
  );
}
