"""Benchmarks: Loupe against its peers and against what is possible. `python -m bench --help`."""
