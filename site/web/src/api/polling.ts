/** How often to ask for something that is on its way: quickly at first, then ever more patiently. */

const FIRST_MS = 800;
const QUICK_ASKS = 6;
const GROWTH = 1.4;
const MAX_MS = 15_000;
const MAX_ASKS = 90;

/** Milliseconds until the next ask, or false when asking further is pointless. `asked` counts the asks so far. */
export function pollDelay(asked: number): number | false {
  if (asked >= MAX_ASKS) return false;
  return Math.min(MAX_MS, Math.round(FIRST_MS * GROWTH ** Math.max(0, asked - QUICK_ASKS)));
}
