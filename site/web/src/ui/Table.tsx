import type { ReactNode } from "react";
import styles from "./Table.module.css";

export interface Column<Row> {
  name: string;
  /** What stands in a row's cell; the first column's is the row's heading. */
  cell: (row: Row) => ReactNode;
  /** Numbers stand to the right, texts to the left. */
  isText?: boolean;
  /** Says nothing that other columns don't say in plain words: left out where there is no room. */
  isDetail?: boolean;
}

interface Props<Row> {
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  keyOf: (row: Row) => string;
}

/** A table that is scrolled sideways by itself where it is wider than the window. */
export function Table<Row>({ caption, columns, rows, keyOf }: Props<Row>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={styles.frame} aria-label={caption} tabIndex={0}>
      <table className={styles.table}>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ name, isText, isDetail }) => (
              <th key={name} scope="col" data-text={isText} data-detail={isDetail}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ name, cell, isText, isDetail }, index) =>
                index === 0 ? (
                  <th key={name} scope="row" data-text>
                    {cell(row)}
                  </th>
                ) : (
                  <td key={name} data-text={isText} data-detail={isDetail}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
