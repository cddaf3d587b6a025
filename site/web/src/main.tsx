import "@fontsource-variable/instrument-sans";
import "./styles/tokens.css";
import "./styles/base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { loadConfig } from "./config";
import { Notice } from "./ui/states";

const root = createRoot(document.getElementById("root") as HTMLElement);

loadConfig().then(
  (config) =>
    root.render(
      <StrictMode>
        <App config={config} />
      </StrictMode>,
    ),
  (error: unknown) =>
    root.render(
      <Notice isPage tone="problem" title="Loupe isn't set up">
        {error instanceof Error ? error.message : String(error)}
      </Notice>,
    ),
);
