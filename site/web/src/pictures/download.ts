import { notify } from "../ui/notify";

/** Saves a picture under a name. Where its storage lets no page read it, it opens in a tab of its own instead. */
export async function download(url: string, name: string): Promise<void> {
  let href: string;
  try {
    href = URL.createObjectURL(await pictureAt(url));
  } catch {
    window.open(url, "_blank", "noopener,noreferrer");
    return;
  }
  save(href, name);
}

/** A picture's bytes. */
export async function pictureAt(url: string): Promise<Blob> {
  const response = await fetch(url, { credentials: "omit" });
  if (!response.ok) throw new Error(String(response.status));
  return response.blob();
}

/** Saves bytes under a name. */
export function saveBlob(blob: Blob, name: string): void {
  save(URL.createObjectURL(blob), name);
}

/** Saves a text under a name. */
export function saveText(text: string, type: string, name: string): void {
  save(URL.createObjectURL(new Blob([text], { type })), name);
}

function save(href: string, name: string): void {
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  link.click();
  // The browser has taken the address over by the next turn of its loop.
  setTimeout(() => URL.revokeObjectURL(href), 0);
}

/** A title as a file's name that every system takes. */
export function fileNameOf(title: string, ending: string): string {
  const stem = title
    .replace(/[^\p{L}\p{N}._-]+/gu, " ")
    .trim()
    .slice(0, 100)
    .trim();
  return `${stem || "picture"}${ending}`;
}

export async function copyLink(path: string): Promise<void> {
  const url = window.location.origin + path;
  try {
    await navigator.clipboard.writeText(url);
    notify({ title: "Link copied" });
  } catch {
    notify({ title: "The link could not be copied", description: url });
  }
}
