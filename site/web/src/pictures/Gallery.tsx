import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { IMAGES_A_PAGE } from "../api/queries";
import type { ImageRecord } from "../api/types";
import styles from "./Gallery.module.css";
import { galleryGrid } from "./gallery_grid";
import { PictureCard } from "./PictureCard";

interface Props {
  images: ImageRecord[];
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore: () => void;
  /** Ids; null while nothing is being selected. */
  selected: ReadonlySet<string> | null;
  onToggle: (imageId: string) => void;
}

const ROWS_BEYOND = 3;

/** The pictures as a grid of which only the rows near the window exist, however many there are. */
export function Gallery({ images, hasMore, isLoadingMore, loadMore, selected, onToggle }: Props) {
  const list = useRef<HTMLUListElement>(null);
  const { width, top } = usePlace(list);
  const grid = galleryGrid(width);
  const rowCount = Math.ceil(images.length / grid.columns);
  const virtualizer = useWindowVirtualizer({
    count: rowCount,
    estimateSize: () => grid.rowHeight,
    overscan: ROWS_BEYOND,
    scrollMargin: top,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another height of the rows is why it measures again
  useEffect(() => virtualizer.measure(), [virtualizer, grid.rowHeight]);

  const rows = virtualizer.getVirtualItems();
  const lastRow = rows.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !isLoadingMore && lastRow >= rowCount - ROWS_BEYOND - 1) loadMore();
  }, [hasMore, isLoadingMore, lastRow, rowCount, loadMore]);

  return (
    <>
      <ul ref={list} className={styles.gallery} style={{ height: Math.max(0, virtualizer.getTotalSize() - grid.gap) }}>
        {rows.flatMap((row) =>
          images.slice(row.index * grid.columns, (row.index + 1) * grid.columns).map((image, column) => (
            <li
              key={image.imageId}
              aria-setsize={hasMore ? -1 : images.length}
              aria-posinset={row.index * grid.columns + column + 1}
              style={{
                width: grid.cardWidth,
                height: grid.rowHeight - grid.gap,
                transform: `translate(${column * (grid.cardWidth + grid.gap)}px, ${row.start - top}px)`,
              }}
            >
              <PictureCard
                image={image}
                alone={row.index * grid.columns + column >= IMAGES_A_PAGE}
                selected={selected === null ? null : selected.has(image.imageId)}
                onToggle={onToggle}
              />
            </li>
          )),
        )}
      </ul>
      <p className={styles.end} role="status">
        {isLoadingMore ? "Loading more pictures…" : ""}
      </p>
    </>
  );
}

/** An element's width, and how far it is from the top of the page: both change as the page around it does. */
function usePlace(target: RefObject<HTMLElement | null>): { width: number; top: number } {
  const [place, setPlace] = useState({ width: 0, top: 0 });
  useLayoutEffect(() => {
    const read = () => {
      const element = target.current;
      if (element === null) return;
      const box = element.getBoundingClientRect();
      const next = { width: Math.floor(box.width), top: Math.round(box.top + window.scrollY) };
      setPlace((known) => (known.width === next.width && known.top === next.top ? known : next));
    };
    read();
    const observer = new ResizeObserver(read);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [target]);
  return place;
}
