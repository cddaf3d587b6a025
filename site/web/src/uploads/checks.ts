import type { ImageAnnouncement, ImageContentType } from "../api/types";

/** What may be uploaded: the workflow's own limits, checked before a byte is sent. */

export const MAX_TITLE = 200;
const MAX_FILE_NAME = 200;
export const MAX_BYTES = 25_500_000;

const BY_EXTENSION: Record<string, ImageContentType> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  gif: "image/gif",
  bmp: "image/bmp",
  tif: "image/tiff",
  tiff: "image/tiff",
  heic: "image/heic",
  heif: "image/heif",
  avif: "image/avif",
};

export const ACCEPTED = [...new Set(Object.values(BY_EXTENSION)), ...Object.keys(BY_EXTENSION).map((e) => `.${e}`)];

const TYPES: ReadonlySet<string> = new Set(Object.values(BY_EXTENSION));

function isOurs(type: string): type is ImageContentType {
  return TYPES.has(type);
}

function extensionOf(name: string): string {
  return /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
}

/** A file's media type: as the browser says, else by its extension; null when it is none of ours. */
export function imageType(file: { name: string; type: string }): ImageContentType | null {
  const named = file.type === "image/x-ms-bmp" ? "image/bmp" : file.type;
  if (isOurs(named)) return named;
  return named === "" ? (BY_EXTENSION[extensionOf(file.name)] ?? null) : null;
}

/** What a file's format is called: "HEIC". */
export function formatName(file: { name: string; type: string }): string {
  return (
    imageType(file)
      ?.replace(/^image\//, "")
      .toUpperCase() ??
    (extensionOf(file.name).toUpperCase() || "File")
  );
}

/** Why a title can't be used; null when it can. */
export function titleProblem(title: string): string | null {
  return title.length > MAX_TITLE ? `The title has ${title.length} characters; ${MAX_TITLE} are the most.` : null;
}

/** Why a file can't be uploaded, for a person; null when it can. */
export function fileProblem(file: { name: string; type: string; size: number }): string | null {
  if (imageType(file) === null) return "Not a JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF picture.";
  if (file.size === 0) return "The file is empty.";
  if (file.size > MAX_BYTES) return "Larger than 25 MB.";
  return null;
}

/** A first title from a file's name: "IMG_2034-final.jpeg" → "IMG 2034 final". */
export function titleFrom(name: string): string {
  const stem = name.replace(/\.[a-z0-9]+$/i, "");
  const words = stem.replace(/[_-]+/g, " ").replace(/\s+/g, " ").trim();
  return (words || "Untitled").slice(0, MAX_TITLE);
}

/** Characters that no title shows and the API refuses. */
const CONTROL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** What to tell the API of a file; the title is its name where there is none. */
export function announcementOf(file: { name: string; type: string }, title: string): ImageAnnouncement {
  const plain = title.replace(CONTROL, "").trim();
  return {
    title: (plain || titleFrom(file.name)).slice(0, MAX_TITLE),
    fileName: file.name.replace(CONTROL, "").slice(-MAX_FILE_NAME),
    contentType: imageType(file) ?? "image/jpeg",
  };
}
