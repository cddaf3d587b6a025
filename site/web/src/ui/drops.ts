import { useEffect, useRef, useSyncExternalStore } from "react";

/** Where dropped and pasted files go: the page that is open takes them, or nobody does. */
export interface DropTarget {
  /** What dropping does, for a person: "Drop to add to this group". */
  invitation: string;
  take(transfer: DataTransfer): void;
}

let target: DropTarget | null = null;
let dragging = false;
const listeners = new Set<() => void>();

function changed(): void {
  for (const listener of listeners) listener();
}

export function dropTarget(): DropTarget | null {
  return target;
}

export function setDragging(now: boolean): void {
  if (dragging === now) return;
  dragging = now;
  changed();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether files are being dragged over the window. */
export function useDragging(): boolean {
  return useSyncExternalStore(subscribe, () => dragging);
}

/** Takes files that are dropped anywhere, for as long as the component is there. */
export function useDropTarget(invitation: string, take: (transfer: DataTransfer) => void): void {
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const own: DropTarget = { invitation, take: (transfer) => latest.current(transfer) };
    target = own;
    return () => {
      if (target === own) target = null;
    };
  }, [invitation]);
}
