import type { WorkerAnswer, WorkerTask } from "./worker_client";

/**
 * Small previews and fingerprints of chosen files, one after another: a decoded 12-megapixel picture takes 48 MB,
 * so there is never more than one, and the page keeps some kilobytes of each.
 */

const PREVIEW_PIXELS = 320;
/** More than any model looks at. */
const REDUCED_PIXELS = 1024;
/** What is used of a worker's global scope: the types of the page's own scope don't know it. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerTask>) => void) | null;
  postMessage(message: WorkerAnswer): void;
}
const scope = self as unknown as WorkerScope;

let last: Promise<void> = Promise.resolve();

scope.onmessage = ({ data }: MessageEvent<WorkerTask>) => {
  last = last.then(async () => {
    const answer: WorkerAnswer = { id: data.id, result: await resultOf(data).catch(() => null) };
    scope.postMessage(answer);
  });
};

function resultOf({ kind, file }: WorkerTask): Promise<Blob | string> {
  switch (kind) {
    case "preview":
      return reduced(file, PREVIEW_PIXELS, "image/webp");
    case "reduced":
      return reduced(file, REDUCED_PIXELS, "image/jpeg");
    default:
      return fingerprintOf(file);
  }
}

/** A copy of at most so many pixels a side. Raises where the browser can't decode the file: TIFF, mostly HEIC. */
async function reduced(file: File, pixels: number, type: string): Promise<Blob> {
  const bitmap = await createImageBitmap(file);
  try {
    const scale = Math.min(1, pixels / Math.max(bitmap.width, bitmap.height));
    const width = Math.max(1, Math.round(bitmap.width * scale));
    const height = Math.max(1, Math.round(bitmap.height * scale));
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("There is no canvas to draw on.");
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, width, height);
    return await canvas.convertToBlob({ type, quality: 0.85 });
  } finally {
    bitmap.close();
  }
}

/** The SHA-256 of a file's bytes, in hex. */
async function fingerprintOf(file: File): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
