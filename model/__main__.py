"""The container's one entry point: SageMaker runs an image with the argument `train` or `serve`.

python -m model train | serve | prepare | evaluate | package [arguments]
"""

import importlib
import sys

COMMANDS = ("train", "serve", "prepare", "evaluate", "package")


def main(arguments: list[str]) -> int:
    """Run the command that the first argument names."""
    if not arguments or arguments[0] not in COMMANDS:
        print(f"usage: python -m model {' | '.join(COMMANDS)} [arguments]", file=sys.stderr)
        return 2
    command, *rest = arguments
    sys.argv = [f"python -m model {command}", *rest]
    # Imported by name: serving must not import what only training has.
    return int(importlib.import_module(f"model.{command}").main())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
