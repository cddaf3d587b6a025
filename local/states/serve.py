"""MiniStack with this package alone, for its tests: `GATEWAY_PORT=… python -m local.states.serve`."""

import os


def main() -> None:
    os.environ.setdefault("AUTH", "true")
    os.environ.setdefault("BIND_HOST", "127.0.0.1")
    os.environ.setdefault("IOT_MTLS_ENABLED", "0")
    from local.cloud.gaps import log_retention
    from local.states import install

    install()
    log_retention.install()
    from ministack.app import main as serve

    serve()


if __name__ == "__main__":
    main()
