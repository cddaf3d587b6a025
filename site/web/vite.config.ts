import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [react()],
  build: {
    // Everything is a file of its own: the Content-Security-Policy allows nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // light-dark() and nesting stay as written for these.
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    sourcemap: false,
    manifest: true,
  },
  server: { host: "127.0.0.1", strictPort: true },
  preview: { host: "127.0.0.1", strictPort: true },
  // The tests read English, whatever the machine speaks.
  test: { environment: "node", include: ["tests/**/*.test.{ts,tsx}"], env: { LC_ALL: "en_US.UTF-8" } },
});
