/**
 * Answers that came with an ETag: asked for again with If-None-Match, what hasn't changed isn't sent twice.
 * An answer holds presigned URLs, so it is forgotten before they run out.
 */

export interface KnownAnswer {
  etag: string;
  body: unknown;
  until: number;
}

const MAX_ANSWERS = 40;
export const GOOD_FOR_MS = 4 * 60_000;

export class KnownAnswers {
  private readonly known = new Map<string, KnownAnswer>();

  constructor(private readonly now: () => number = Date.now) {}

  of(url: string): KnownAnswer | null {
    const found = this.known.get(url);
    if (found && found.until > this.now()) return found;
    this.known.delete(url);
    return null;
  }

  keep(url: string, etag: string | null, body: unknown): void {
    this.known.delete(url);
    if (etag === null) return;
    const [oldest] = this.known.keys();
    if (this.known.size >= MAX_ANSWERS && oldest !== undefined) this.known.delete(oldest);
    this.known.set(url, { etag, body, until: this.now() + GOOD_FOR_MS });
  }
}
