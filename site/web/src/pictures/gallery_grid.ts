/** How a gallery of a given width divides: all in CSS pixels. */
export interface GalleryGrid {
  columns: number;
  cardWidth: number;
  gap: number;
  /** A row with the gap below it. */
  rowHeight: number;
}

const NARROW = 640;
const CAPTION_HEIGHT = 52;

export function galleryGrid(width: number): GalleryGrid {
  const narrow = width < NARROW;
  const gap = narrow ? 12 : 20;
  const leastCard = narrow ? 150 : 200;
  const columns = Math.max(1, Math.floor((width + gap) / (leastCard + gap)));
  const cardWidth = Math.max(0, Math.floor((width - gap * (columns - 1)) / columns));
  return { columns, cardWidth, gap, rowHeight: cardWidth + CAPTION_HEIGHT + gap };
}
