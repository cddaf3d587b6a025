import styles from "./Facts.module.css";

export type Fact = [name: string, said: string | null | undefined];

/** What is known of something, each with its name; what isn't is left out. */
export function Facts({ items }: { items: Fact[] }) {
  return (
    <dl className={styles.facts}>
      {items.map(([name, said]) =>
        said ? (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{said}</dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}
