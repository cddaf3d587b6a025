import type { ReactNode } from "react";
import { Button } from "./Button";
import styles from "./More.module.css";

/** A list that is read by pages, as useInfiniteQuery has it. */
interface Paged {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  isFetchNextPageError: boolean;
  fetchNextPage: () => Promise<unknown>;
}

interface Props {
  list: Paged;
  /** What there is more of: "pictures". */
  what: string;
  /** The button's name, before and while the next page comes. */
  action: [name: string, doing: string];
  note?: ReactNode;
}

/** A button for a list's next page, and what is said where it did not come. */
export function More({ list, what, action, note }: Props) {
  return (
    <>
      {list.hasNextPage && (
        <p className={styles.more}>
          {note && <span>{note}</span>}
          <Button small disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {action[list.isFetchingNextPage ? 1 : 0]}
          </Button>
        </p>
      )}
      <NextFailed list={list} what={what} />
    </>
  );
}

interface FailedProps {
  list: Paged;
  what: string;
  /** What can be done, where no other button does it. */
  children?: ReactNode;
}

/** Said where a list's next page did not come. */
export function NextFailed({ list, what, children }: FailedProps) {
  if (!list.isFetchNextPageError) return null;
  return (
    <p className={styles.more} role="alert" data-failed>
      The next {what} couldn't be loaded.
      {children}
    </p>
  );
}
