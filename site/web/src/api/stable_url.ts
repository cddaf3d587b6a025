/**
 * Every answer of the API signs a picture's URL anew, and a changed URL is fetched again. This keeps the first
 * one while it is good, so that polling doesn't reload pictures.
 */

interface Kept {
  url: string;
  until: number;
}

const DEFAULT_SECONDS = 300;
const MARGIN_SECONDS = 60;

function secondsGood(url: string): number {
  const named = Number(new URL(url, "http://localhost").searchParams.get("X-Amz-Expires"));
  return Number.isFinite(named) && named > 0 ? named : DEFAULT_SECONDS;
}

function placeOf(url: string): string {
  const { origin, pathname } = new URL(url, "http://localhost");
  return origin + pathname;
}

export class StableUrls {
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly now: () => number = Date.now) {}

  /** The URL to show for `url`: an earlier one of the same object, if it is still good. */
  keep(url: string | null | undefined): string | null {
    if (!url) return null;
    const place = placeOf(url);
    const known = this.kept.get(place);
    if (known && known.until > this.now()) return known.url;
    const good = Math.max(0, secondsGood(url) - MARGIN_SECONDS);
    this.kept.set(place, { url, until: this.now() + good * 1000 });
    return url;
  }

  forget(url: string): void {
    this.kept.delete(placeOf(url));
  }
}

export const stableUrls = new StableUrls();
