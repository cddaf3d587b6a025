"""`python -m local.sagemaker --port P --gateway URL [--state DIR]`: SageMaker until its parent ends."""

import argparse
import os
import sys
from pathlib import Path

import uvicorn

from local.cloud.parent import die_with
from local.sagemaker.app import create_app
from local.sagemaker.credentials import CredentialsPaths
from local.sagemaker.settings import Settings, default_state
from local.service_gate import ServiceGate, secret_from

HOST = "127.0.0.1"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m local.sagemaker", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="loopback port to listen on")
    parser.add_argument("--gateway", required=True, help="URL of the local cloud's gateway")
    parser.add_argument(
        "--state", type=Path, help="folder for records, models and logs (LOUPE_STATE/sagemaker)"
    )
    arguments = parser.parse_args(argv)
    own_url = f"http://{HOST}:{arguments.port}"
    try:
        settings = Settings.read(
            arguments.gateway, arguments.state or default_state(os.environ), own_url, os.environ
        )
        app = ServiceGate(create_app(settings), secret_from(), open_to_programs=CredentialsPaths.prefix + "/")
    except ValueError as error:
        print(f"local.sagemaker: {error}", file=sys.stderr)
        return 2
    die_with(os.getppid(), grace=20)
    uvicorn.run(
        app,
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
