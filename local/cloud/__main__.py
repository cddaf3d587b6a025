"""`python -m local.cloud --port PORT --state FOLDER`: run a local cloud in the foreground until SIGINT or
SIGTERM.
"""

import argparse
import os
import sys
from pathlib import Path

from local.cloud.errors import CloudError
from local.cloud.parent import die_with
from local.cloud.server import serve
from local.cloud.settings import CloudSettings


def main() -> int:
    """Parse the arguments and serve; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local.cloud", description="The local cloud.")
    parser.add_argument("--port", type=int, help="the gateway's port (LOUPE_PORT, 4566)")
    parser.add_argument("--state", type=Path, help="the state folder (LOUPE_STATE, .loupe)")
    parser.add_argument("--parent", type=int, help="end when this process, the parent, ends")
    arguments = parser.parse_args()
    if arguments.parent is not None:
        die_with(arguments.parent, grace=20)
    try:
        serve(CloudSettings.from_environ(os.environ, port=arguments.port, state=arguments.state))
    except CloudError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of executions that still run must not hold the process.
    os._exit(status)
