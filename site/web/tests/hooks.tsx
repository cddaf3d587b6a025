import { act, type ReactNode } from "react";
import { createRoot } from "react-dom/client";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

function Hooked({ use }: { use: () => void }) {
  use();
  return null;
}

/** A hook in a component of its own: what it gave last, and its end. */
export async function hooked<Given>(use: () => Given, around: (child: ReactNode) => ReactNode) {
  let given: Given | undefined;
  const keep = () => {
    given = use();
  };
  const root = createRoot(document.createElement("div"));
  const draw = () => act(async () => root.render(around(<Hooked use={keep} />)));
  await draw();
  return { now: () => given as Given, draw, end: () => act(async () => root.unmount()) };
}
