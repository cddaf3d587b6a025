import { smallPicture } from "./worker_client";

/** Small previews of chosen files, made when first shown and given back when the file is dropped. */
const previews = new Map<File, Promise<string | null>>();

/** An object URL; null where the browser can't show the file. */
export function previewOf(file: File): Promise<string | null> {
  let preview = previews.get(file);
  if (preview === undefined) {
    preview = smallPicture(file).then((small) => small && URL.createObjectURL(small));
    previews.set(file, preview);
  }
  return preview;
}

export function dropPreview(file: File): void {
  const preview = previews.get(file);
  previews.delete(file);
  void preview?.then((url) => url !== null && URL.revokeObjectURL(url));
}
