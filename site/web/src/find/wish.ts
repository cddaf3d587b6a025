/** What is looked for, as the address of the page says it: so it can be sent to somebody, and Back undoes a step. */

/** What the page offers. Days are `from` one `to` another, both of them in it. */
export const FILTERS = [
  "search",
  "status",
  "source",
  "faceDetected",
  "minConfidence",
  "error",
  "from",
  "to",
  "model",
  "sort",
] as const;
export type Filter = (typeof FILTERS)[number];
export type Wish = Partial<Record<Filter, string>>;

export function wishOf(params: URLSearchParams): Wish {
  return Object.fromEntries(
    FILTERS.flatMap((name) => {
      const value = params.get(name)?.trim();
      return value ? [[name, value]] : [];
    }),
  );
}

/** The same address with one filter otherwise; without it where it is empty. */
export function changed(params: URLSearchParams, name: Filter, value: string): URLSearchParams {
  const next = new URLSearchParams(params);
  if (value.trim() === "") next.delete(name);
  else next.set(name, value.trim());
  return next;
}

/** The wish as the API's parameters: days become moments, from the first one's beginning to the last one's end. */
export function askedFor({ from, to, ...rest }: Wish): Record<string, string> {
  const since = beginning(from, 0);
  const before = beginning(to, 1);
  return { ...rest, ...(since && { from: since }), ...(before && { before }) };
}

/** When a day begins here, so many days later; null for what is no day. */
function beginning(day: string | undefined, later: number): string | null {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day ?? "");
  if (parts === null) return null;
  const [year, month, date] = parts.slice(1).map(Number) as [number, number, number];
  const moment = new Date(year, month - 1, date + later);
  return Number.isNaN(moment.getTime()) ? null : moment.toISOString();
}
