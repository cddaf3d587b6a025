"""Serve the built page with a filled fake cloud behind it, until Ctrl-C."""

import contextlib
import sys
import threading
from pathlib import Path

from tests.web.fake.issuer import PASSWORD
from tests.web.fake.samples import fill
from tests.web.fake.serving import fake_deployment

DIST = Path(__file__).parents[3] / "site" / "web" / "dist"


def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    with fake_deployment(DIST, pace=2.0, page_port=port) as deployment:
        fill(deployment.store)
        deployment.reviews.fill(40)
        print(f"The page: {deployment.url} (sign in as anybody, password {PASSWORD})", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
