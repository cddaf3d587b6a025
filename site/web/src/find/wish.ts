/** What is looked for, as the address of the page says it: so it can be sent to somebody, and Back undoes a step. */

/** The API's parameters that the page offers. */
export const FILTERS = ["search", "status", "source", "faceDetected", "minConfidence", "model", "sort"] as const;
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
