/** Object URLs of chosen files, made when first shown and given back when the file is dropped. */
const urls = new Map<File, string>();

export function previewOf(file: File): string {
  let url = urls.get(file);
  if (url === undefined) {
    url = URL.createObjectURL(file);
    urls.set(file, url);
  }
  return url;
}

export function dropPreview(file: File): void {
  const url = urls.get(file);
  if (url === undefined) return;
  URL.revokeObjectURL(url);
  urls.delete(file);
}
