import type { ImageRecord } from "../api/types";

const COLUMNS = ["imageId", "title", "status", "label", "confidence", "threshold", "error", "createdAt"] as const;

function fieldsOf(image: ImageRecord): Record<(typeof COLUMNS)[number], string | number | null> {
  return {
    imageId: image.imageId,
    title: image.title ?? "",
    status: image.status,
    label: image.label ?? null,
    confidence: image.confidence ?? null,
    threshold: image.threshold ?? null,
    error: image.error?.name ?? null,
    createdAt: image.createdAt,
  };
}

/** RFC 4180, with a line of names. A text that a spreadsheet would take for a formula gets an apostrophe. */
export function csvOf(images: ImageRecord[]): string {
  const rows = images.map((image) => {
    const fields = fieldsOf(image);
    return COLUMNS.map((name) => cell(fields[name])).join(",");
  });
  return [COLUMNS.join(","), ...rows, ""].join("\r\n");
}

function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The same as a list of objects, with every prediction and face. No URLs: they run out. */
export function jsonOf(images: ImageRecord[]): string {
  const items = images.map((image) => ({
    ...fieldsOf(image),
    predictions: image.predictions ?? [],
    faces: image.faces ?? [],
  }));
  return `${JSON.stringify(items, null, 2)}\n`;
}
