"""`python -m loupe` is `loupe`."""

import sys


def main() -> None:
    """The console script. Its code takes a second to be read: Ctrl-C may come before it is there."""
    try:
        from loupe.cli import main as command
    except KeyboardInterrupt:
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
