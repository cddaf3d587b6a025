"""`python -m loupe` is `loupe`."""

from loupe.cli import main

if __name__ == "__main__":
    main()
