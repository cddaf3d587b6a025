"""The `loupe` command: the local cloud, pictures, messages and logs, on a laptop as on AWS."""

__version__ = "0.3.0"
