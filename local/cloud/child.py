"""`python -m local.cloud.child PARENT MODULE ARGUMENT…`: run a module as the child of a process it must not
outlive.
"""

import runpy
import sys

from local.cloud.parent import die_with


def main() -> None:
    """Watch the parent, then become the module."""
    parent, module = int(sys.argv[1]), sys.argv[2]
    sys.argv = [module, *sys.argv[3:]]
    die_with(parent)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
