// Runs before the first paint, so that a chosen theme does not flash. A file of its own for the Content-Security-Policy.
try {
  const chosen = localStorage.getItem("loupe.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // No storage: the system's preference holds.
}
