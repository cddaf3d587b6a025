"""Programs that are measured. Each runs in a process of its own and takes turns (see turns.py)."""
