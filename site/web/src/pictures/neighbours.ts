import type { ImageRecord } from "../api/types";

/** The pictures before and after one in its group's list, newest first, as far as it is loaded. */
export interface Neighbours {
  previous: ImageRecord | null;
  next: ImageRecord | null;
  /** From 1; 0 where the picture isn't in what is loaded. */
  position: number;
}

export function neighboursOf(images: ImageRecord[], imageId: string): Neighbours {
  const index = images.findIndex((image) => image.imageId === imageId);
  if (index < 0) return { previous: null, next: null, position: 0 };
  return { previous: images[index - 1] ?? null, next: images[index + 1] ?? null, position: index + 1 };
}
