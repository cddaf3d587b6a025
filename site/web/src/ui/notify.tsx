import { useEffect, useState } from "react";
import type { ToastManager } from "./Toasts";

interface News {
  title: string;
  description?: string;
}

type Toasting = typeof import("./Toasts") & { manager: ToastManager };

let toasting: Promise<Toasting> | null = null;
let show: ((loaded: Toasting) => void) | null = null;

/** The toasts' own code is fetched with the first one. */
function load(): Promise<Toasting> {
  toasting ??= import("./Toasts").then((module) => ({ ...module, manager: module.createToastManager() }));
  return toasting;
}

export function notify(news: News): void {
  load().then(
    (loaded) => {
      show?.(loaded);
      // After the viewport has been drawn, so that screen readers notice the change in it.
      setTimeout(() => loaded.manager.add(news), 50);
    },
    // What the news is about has happened all the same: the page's lists show it.
    () => {
      toasting = null;
    },
  );
}

export function Notifications() {
  const [loaded, setLoaded] = useState<Toasting | null>(null);
  useEffect(() => {
    show = setLoaded;
    return () => {
      show = null;
    };
  }, []);
  return loaded && <loaded.Toasts manager={loaded.manager} />;
}
