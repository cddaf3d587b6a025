"""Cold start of classify_image_data: a fresh interpreter to its first answer from a local endpoint.

Against a handler that does nothing but call boto3, the least possible, and against the original's way, the
SageMaker SDK's Predictor. The endpoint answers at once, the same to all.
"""

import base64
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench.context import PEERS, ROOT, Bench, bench_python, lambda_python
from bench.figures import Figure, Spread, at_least, at_most, part_of, ratios, times_better
from bench.layers import built_function
from bench.measure import Lap, race, timed_process

ENDPOINT = "digits"
ANSWER = json.dumps({"labels": ["5", "3"], "scores": [0.98, 0.02]}).encode()
PICTURE = ROOT / "events" / "images" / "digit-5.png"
EVENT = {"s3_bucket": "uploads", "s3_key": "uploads/digit-5.png", "inferences": []}


class _Endpoint(BaseHTTPRequestHandler):
    """InvokeEndpoint, always with the same answer."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def run(bench: Bench) -> Iterator[Figure]:
    """Each round starts one interpreter of each kind."""
    function = built_function("classify_image_data")
    program = ROOT / "bench" / "contenders" / "classify_loupe.py"
    own_path = os.pathsep.join(map(str, function.python_path()))
    with endpoint() as url:
        env = _environment(url, bench.folder)
        laps = race(
            {
                "Loupe": _starts([lambda_python(), program], {**env, "PYTHONPATH": own_path}),
                "boto3": _starts([lambda_python(), PEERS / "bare_boto3.py", ENDPOINT], env),
                "sagemaker": _starts([bench_python(), PEERS / "sagemaker_predictor.py", ENDPOINT], env),
            },
            bench.rounds,
        )
    ours = laps["Loupe"]
    yield part_of(
        "first answer",
        "a bare boto3 handler",
        ours.milliseconds(),
        laps["boto3"].milliseconds(),
        "ms",
        at_most(1.3),
        cpu_ratio=Spread.of(ratios(ours.cpu, laps["boto3"].cpu)),
    )
    yield times_better(
        "first answer",
        "sagemaker 2, Predictor.predict",
        ours.milliseconds(),
        laps["sagemaker"].milliseconds(),
        "ms",
        at_least(5),
        cpu_ratio=Spread.of(ratios(laps["sagemaker"].cpu, ours.cpu)),
    )


@contextmanager
def endpoint() -> Iterator[str]:
    """The endpoint's address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _starts(command: list[str | Path], env: dict[str, str]) -> Callable[[], Lap]:
    event = {"body": {**EVENT, "image_data": base64.b64encode(PICTURE.read_bytes()).decode()}}
    stdin = json.dumps(event).encode()

    def start() -> Lap:
        lap, printed = timed_process(command, env, stdin=stdin)
        # Powertools writes metrics before the answer.
        if json.loads(printed.splitlines()[-1]) != json.loads(ANSWER):
            raise ValueError(f"{command[-1]} answered {printed[-200:]!r}")
        return lap

    return start


def _environment(url: str, home: Path) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "ENDPOINT_NAME": ENDPOINT,
        "POWERTOOLS_SERVICE_NAME": "classify-image-data",
        "POWERTOOLS_METRICS_NAMESPACE": "Loupe",
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
    }
