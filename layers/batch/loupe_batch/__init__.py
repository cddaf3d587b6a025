"""What the batch workflow's functions share: sources, rows, reports, and what a run leaves behind."""
