"""Runs one command and takes it down, whole process group, when standard input closes.

`python supervisor.py COMMAND ARGUMENT…`, as the leader of a session of its own. The service holds the
other end of the pipe, so that even a killed service leaves no model server or training process behind.
The exit code is the command's, 128 + N if signal N ended it, as a container engine reports it. A signal
to the group reaches the command; the supervisor itself waits on.
"""

import os
import signal
import subprocess
import sys
import threading


def _kill_group_on_end_of_input() -> None:
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGKILL)


def main(argv: list[str]) -> int:
    # A handler, not SIG_IGN: the command must start with the default action.
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, lambda *_: None)
    try:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    except OSError as error:
        print(f"{argv[0]}: {error.strerror}", file=sys.stderr)
        return 127 if isinstance(error, FileNotFoundError) else 126
    threading.Thread(target=_kill_group_on_end_of_input, daemon=True).start()
    code = process.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # the reading thread must not delay the end
