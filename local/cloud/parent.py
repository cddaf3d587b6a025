"""A process of the local cloud ends when the one that started it ends, however that ends. Standard library
only.
"""

import os
import signal
import threading
import time

POLL_SECONDS = 0.5
GRACE_SECONDS = 3.0


def die_with(parent: int, grace: float = GRACE_SECONDS) -> None:
    """Watch `parent` from a thread; when it is no longer this process's parent, ask this one to end, then end
    it.

    Linux's parent-death signal would come when the *thread* that started the process ends, which for a Lambda
    worker is long before its process does.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(POLL_SECONDS)
        if grace:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(grace)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
