/** A piece of a text; `url` is null where it is no link. */
export interface LinkedPart {
  text: string;
  url: string | null;
}

const ADDRESS = /https?:\/\/[^\s<>"']+/g;
/** What ends a sentence rather than an address. */
const AFTER = /[.,;:!?)\]}]+$/;

/** A text with its web addresses apart; nothing but http and https becomes a link. */
export function linked(text: string): LinkedPart[] {
  const parts: LinkedPart[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = match[0].replace(AFTER, "");
    if (!URL.canParse(address)) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index), url: null });
    parts.push({ text: address, url: address });
    from = match.index + address.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), url: null });
  return parts;
}
