import type { InfiniteData } from "@tanstack/react-query";
import type { ImageRecord, Page } from "./types";

/** A group's pictures as loaded so far: pages, newest picture first. Pure functions on what the query cache holds. */
export type ImagePages = InfiniteData<Page<ImageRecord>>;

export function allImages(pages: ImagePages | undefined): ImageRecord[] {
  return pages?.pages.flatMap((page) => page.items) ?? [];
}

/** The same pages with `image` in the place of its older self; the same object when it isn't there. */
export function replaceImage(pages: ImagePages | undefined, image: ImageRecord): ImagePages | undefined {
  return changeImage(pages, image.imageId, () => image);
}

/** The same pages with a change made to one picture; the same object when it isn't there. */
export function changeImage(
  pages: ImagePages | undefined,
  imageId: string,
  change: (known: ImageRecord) => ImageRecord,
): ImagePages | undefined {
  if (!pages || !allImages(pages).some((known) => known.imageId === imageId)) return pages;
  return mapPages(pages, (items) => items.map((known) => (known.imageId === imageId ? change(known) : known)));
}

export function removeImage(pages: ImagePages | undefined, imageId: string): ImagePages | undefined {
  return pages && mapPages(pages, (items) => items.filter((known) => known.imageId !== imageId));
}

/** Whether a fresh first page joins what is loaded; if not, pictures between the two are missing. */
export function joins(pages: ImagePages | undefined, newest: ImageRecord[]): boolean {
  const known = new Set(allImages(pages).map((image) => image.imageId));
  return known.size === 0 || newest.some((image) => known.has(image.imageId));
}

/** Takes in a fresh first page: new pictures go to the top, known ones are brought up to date where they are. */
export function mergeNewest(pages: ImagePages | undefined, newest: ImageRecord[]): ImagePages | undefined {
  if (!pages) return pages;
  const fresh = new Map(newest.map((image) => [image.imageId, image]));
  const known = new Set(allImages(pages).map((image) => image.imageId));
  const added = newest.filter((image) => !known.has(image.imageId));
  const merged = mapPages(pages, (items) => items.map((image) => fresh.get(image.imageId) ?? image));
  const [first, ...rest] = merged.pages;
  if (!first || added.length === 0) return merged;
  return { ...merged, pages: [{ ...first, items: [...added, ...first.items] }, ...rest] };
}

function mapPages(pages: ImagePages, change: (items: ImageRecord[]) => ImageRecord[]): ImagePages {
  return { ...pages, pages: pages.pages.map((page) => ({ ...page, items: change(page.items) })) };
}
