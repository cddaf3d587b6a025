"""What a process said last."""

from pathlib import Path


def last_line(log: Path) -> str:
    """The last line of a log that says something, with its place: `cloud.log:7: no such file`."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    said = [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
    return f"{log}:{said[-1][0]}: {said[-1][1]}" if said else f"nothing ({log} is empty)"
