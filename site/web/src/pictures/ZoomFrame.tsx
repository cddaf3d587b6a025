import { Maximize, Minimize, ZoomIn, ZoomOut } from "lucide-react";
import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { IconButton } from "../ui/Button";
import { decimal } from "./format";
import styles from "./ZoomFrame.module.css";
import { FITTED, panned, type View, zoomed } from "./zoom";

const STEP = 1.5;
const MOVE = 60;

/** A picture that can be enlarged, moved about and shown on the whole screen, by mouse, touch and keys. */
export function ZoomFrame({ name, children }: { name: string; children: ReactNode }) {
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>(FITTED);
  const held = useRef<{ x: number; y: number } | null>(null);
  const isFull = useFullScreen(frame);
  const isZoomed = view.scale > 1;

  const zoom = (factor: number) => setView((now) => zoomed(now, factor));
  const pan = (byX: number, byY: number) => {
    const { clientWidth = 0, clientHeight = 0 } = frame.current ?? {};
    setView((now) => panned(now, byX, byY, clientWidth, clientHeight));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const acts: Record<string, (() => void) | undefined> = {
      "+": () => zoom(STEP),
      "=": () => zoom(STEP),
      "-": () => zoom(1 / STEP),
      "0": () => setView(FITTED),
      ArrowLeft: isZoomed ? () => pan(MOVE, 0) : undefined,
      ArrowRight: isZoomed ? () => pan(-MOVE, 0) : undefined,
      ArrowUp: isZoomed ? () => pan(0, MOVE) : undefined,
      ArrowDown: isZoomed ? () => pan(0, -MOVE) : undefined,
    };
    const act = acts[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    // The arrows move the picture now, and don't go to the next one.
    event.stopPropagation();
    act();
  };
  useWheel(frame, (factor, x, y) => setView((now) => zoomed(now, factor, x, y)));

  const onPointerMove = (event: PointerEvent) => {
    if (held.current === null) return;
    pan(event.clientX - held.current.x, event.clientY - held.current.y);
    held.current = { x: event.clientX, y: event.clientY };
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset groups fields, and this a picture with its tools
    <div
      ref={frame}
      className={styles.frame}
      data-zoomed={isZoomed}
      role="group"
      aria-label={name}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: keys enlarge the picture and move it
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the same by keys, above */}
      <div
        className={styles.sheet}
        style={{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.scale})` }}
        onDoubleClick={() => setView((now) => (now.scale > 1 ? FITTED : zoomed(now, STEP * STEP)))}
        onPointerDown={(event) => {
          if (!isZoomed || event.button !== 0) return;
          held.current = { x: event.clientX, y: event.clientY };
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={onPointerMove}
        onPointerUp={() => {
          held.current = null;
        }}
        onPointerCancel={() => {
          held.current = null;
        }}
      >
        {children}
      </div>
      <div className={styles.tools}>
        <IconButton label="Zoom out" disabled={!isZoomed} onClick={() => zoom(1 / STEP)}>
          <ZoomOut aria-hidden="true" />
        </IconButton>
        <IconButton label="Zoom in" onClick={() => zoom(STEP)}>
          <ZoomIn aria-hidden="true" />
        </IconButton>
        {document.fullscreenEnabled && (
          <IconButton
            label={isFull ? "Leave full screen" : "Full screen"}
            onClick={() => void (isFull ? document.exitFullscreen() : frame.current?.requestFullscreen())}
          >
            {isFull ? <Minimize aria-hidden="true" /> : <Maximize aria-hidden="true" />}
          </IconButton>
        )}
      </div>
      <p className="visually-hidden" role="status">
        {isZoomed ? `Enlarged ${decimal(view.scale, 1)} times` : ""}
      </p>
    </div>
  );
}

function useFullScreen(target: React.RefObject<Element | null>): boolean {
  const [isFull, setFull] = useState(false);
  useEffect(() => {
    const changed = () => setFull(document.fullscreenElement !== null && document.fullscreenElement === target.current);
    document.addEventListener("fullscreenchange", changed);
    return () => document.removeEventListener("fullscreenchange", changed);
  }, [target]);
  return isFull;
}

/** A pinch, or the wheel with Ctrl: the wheel alone scrolls the page, as everywhere. */
function useWheel(target: React.RefObject<HTMLElement | null>, act: (factor: number, x: number, y: number) => void) {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const element = target.current;
    if (element === null) return;
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey && document.fullscreenElement !== element) return;
      event.preventDefault();
      const box = element.getBoundingClientRect();
      const x = event.clientX - box.left - box.width / 2;
      const y = event.clientY - box.top - box.height / 2;
      latest.current(Math.exp(-event.deltaY / 300), x, y);
    };
    // React listens passively, and a passive listener can't keep the page from zooming.
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [target]);
}
