"""`python -m local.rekognition --port P --gateway URL`: Rekognition until its parent ends."""

import argparse
import os
import sys

import uvicorn

from local.cloud.parent import die_with
from local.rekognition.app import create_app
from local.service_gate import ServiceGate, secret_from

HOST = "127.0.0.1"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.rekognition", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="loopback port to listen on")
    parser.add_argument("--gateway", required=True, help="URL of the local cloud's gateway")
    arguments = parser.parse_args(argv)
    die_with(os.getppid())
    uvicorn.run(
        ServiceGate(create_app(arguments.gateway.rstrip("/")), secret_from()),
        host=HOST,
        port=arguments.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=3,
        # The gateway keeps its connections: one that is closed as it sends on it would fail a good request.
        timeout_keep_alive=3600,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
