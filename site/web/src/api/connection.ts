/** Whether the API can be reached, as the last request found it. Lives outside React, where requests are made. */
export class Connection {
  private lost = false;
  private readonly listeners = new Set<() => void>();

  readonly isLost = (): boolean => this.lost;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly report = (reached: boolean): void => {
    if (this.lost === !reached) return;
    this.lost = !reached;
    for (const listener of this.listeners) listener();
  };
}

const FIRST_MS = 2000;
const MAX_MS = 15_000;

/** Milliseconds until the next try, after so many that failed. */
export function reconnectDelay(tries: number): number {
  return Math.min(MAX_MS, FIRST_MS * 1.5 ** tries);
}
