import type { ImageRecord } from "../api/types";
import { fileNameOf } from "./download";
import { type ZipEntry, zipOf } from "./zip";

/** Whether a picture says something to learn from: it has a label that was accepted, or that a person gave. */
export function isLesson(image: ImageRecord): boolean {
  return image.status === "CLASSIFIED" && Boolean(image.label);
}

/** Its place in the folder: by label, as `loupe train --data` reads it. */
export function lessonPath(image: ImageRecord, type: string): string {
  const ending = { "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif" }[type] ?? ".jpg";
  const folder = fileNameOf(image.label ?? "", "").replace(/^\.+/, "");
  return `${folder || "unnamed"}/${image.imageId}${ending}`;
}

export interface TrainingFolder {
  archive: Blob;
  /** How many pictures are in it. */
  pictures: number;
}

/**
 * The pictures in a folder by label, as a ZIP. Its owner's originals where a browser can read them, else the largest
 * copy. One after the other; what can't be had is left out, and `read` throws for it.
 */
export async function trainingFolder(
  images: readonly ImageRecord[],
  read: (url: string) => Promise<Blob>,
): Promise<TrainingFolder> {
  const entries: ZipEntry[] = [];
  for (const image of images.filter(isLesson)) {
    for (const url of [image.imageUrl, image.displayUrl]) {
      if (!url) continue;
      const found = await read(url).catch(() => null);
      if (found === null) continue;
      entries.push({ path: lessonPath(image, found.type), bytes: new Uint8Array(await found.arrayBuffer()) });
      break;
    }
  }
  return { archive: zipOf(entries), pictures: entries.length };
}
