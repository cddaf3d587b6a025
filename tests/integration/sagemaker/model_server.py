"""A model server for tests: keeps the container contract, misbehaves as its `behaviour.json` says.

`{"answer": text, "status": int, "sleep": seconds, "ping": int, "exit_at_start": int, "die": bool}`, all
optional. A request with body `pid` is answered with the process's id, `env` with its environment, `read
s3://…` with an object that its role may read.
"""

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BASE = Path(os.environ["SAGEMAKER_BASE_DIR"])
FILE = BASE / "model" / "behaviour.json"
BEHAVIOUR: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}


class Handler(BaseHTTPRequestHandler):
    """Answers /ping and /invocations."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(BEHAVIOUR.get("ping", 200), b"", "text/plain")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print(f"invoked with {len(body)} bytes", flush=True)
        if BEHAVIOUR.get("die"):
            os._exit(3)
        time.sleep(BEHAVIOUR.get("sleep", 0))
        content_type = self.headers.get("Accept") or "text/plain"
        self._answer(BEHAVIOUR.get("status", 200), self._reply(body), content_type)

    def _reply(self, body: bytes) -> bytes:
        if body == b"pid":
            return str(os.getpid()).encode()
        if body == b"env":
            return json.dumps(dict(os.environ)).encode()
        if body.startswith(b"read s3://"):
            import boto3

            bucket, _, key = body.decode().removeprefix("read s3://").partition("/")
            return bytes(boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
        return str(BEHAVIOUR.get("answer", "hello")).encode()

    def _answer(self, status: int, content: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        echoed = self.headers.get("X-Amzn-SageMaker-Custom-Attributes")
        if echoed:
            self.send_header("X-Amzn-SageMaker-Custom-Attributes", f"seen {echoed}")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing: the log is the test's."""


if "exit_at_start" in BEHAVIOUR:
    sys.exit(BEHAVIOUR["exit_at_start"])
print("model server is up", flush=True)
ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Handler).serve_forever()
