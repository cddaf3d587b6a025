export function LoupeMark() {
  return (
    <svg viewBox="0 0 32 32" width="26" height="26" fill="none" stroke="currentColor" aria-hidden="true">
      <circle cx="14" cy="14" r="10" strokeWidth="2.75" />
      <path d="m21.5 21.5 7 7" strokeWidth="3.75" strokeLinecap="round" />
      <circle cx="14" cy="14" r="3.5" fill="currentColor" stroke="none" />
    </svg>
  );
}
