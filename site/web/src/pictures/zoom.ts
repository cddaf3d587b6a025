/** How a picture is looked at: enlarged `scale` times, moved by CSS pixels. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

export const FITTED: View = { scale: 1, x: 0, y: 0 };
const MAX_SCALE = 8;

/** Zooms about a point, given from the frame's middle: what is under it stays under it. */
export function zoomed(view: View, factor: number, atX = 0, atY = 0): View {
  const scale = Math.min(MAX_SCALE, Math.max(1, view.scale * factor));
  if (scale === 1) return FITTED;
  const ratio = scale / view.scale;
  return { scale, x: atX - (atX - view.x) * ratio, y: atY - (atY - view.y) * ratio };
}

/** Moves within what the enlargement hangs over, so that the picture can't be lost. `width`, `height`: the frame's. */
export function panned(view: View, byX: number, byY: number, width: number, height: number): View {
  const most = (size: number) => (size * (view.scale - 1)) / 2;
  const within = (value: number, limit: number) => Math.min(limit, Math.max(-limit, value));
  return { ...view, x: within(view.x + byX, most(width)), y: within(view.y + byY, most(height)) };
}
