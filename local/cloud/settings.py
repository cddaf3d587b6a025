"""What the local cloud is told at start, and the environment in which MiniStack, which reads its own, is
imported.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.cloud.credentials import KNOWN_KEY, RootKey
from local.cloud.errors import LambdaRuntimeMissingError

HOST = "127.0.0.1"
DEFAULT_PORT = 4566
# What an account has on AWS; the workers are what this machine has.
DEFAULT_CONCURRENCY = 1000
DEFAULT_WORKERS = 16


@dataclass(frozen=True)
class CloudSettings:
    """Settings of one local cloud. `concurrency` is the account's Lambda concurrency; `workers` is how many
    processes serve invocations, which queue for them. `secret` is this start's (credentials.py).
    """

    port: int
    state: Path
    lambda_python: Path
    region: str = "us-east-1"
    account: str = "000000000000"
    concurrency: int = DEFAULT_CONCURRENCY
    workers: int = DEFAULT_WORKERS
    log_level: str = "WARNING"
    page_port: int | None = None
    root_key: RootKey = KNOWN_KEY
    secret: str = field(default="", repr=False)

    @property
    def gateway_url(self) -> str:
        """Where every AWS service answers."""
        return f"http://{HOST}:{self.port}"

    @classmethod
    def from_environ(
        cls, environ: Mapping[str, str], *, port: int | None, state: Path | None
    ) -> "CloudSettings":
        """Settings from arguments, which win, and the environment; raises LambdaRuntimeMissingError."""
        root = Path(__file__).resolve().parents[2]
        return cls(
            port=port if port is not None else int(environ.get("LOUPE_PORT", DEFAULT_PORT)),
            state=(state or Path(environ.get("LOUPE_STATE", root / ".loupe"))).resolve(),
            lambda_python=_lambda_python(environ, root),
            concurrency=int(environ.get("LAMBDA_ACCOUNT_CONCURRENCY", DEFAULT_CONCURRENCY)),
            workers=int(environ.get("LOUPE_LAMBDA_WORKERS", DEFAULT_WORKERS)),
            log_level=environ.get("LOG_LEVEL", "WARNING").upper(),
            page_port=int(environ["LOUPE_WEB_PORT"]) if environ.get("LOUPE_WEB_PORT") else None,
        )

    def emulator_environment(self) -> dict[str, str]:
        """What MiniStack's modules and the SDK clients in them read when they are imported."""
        return {
            "AUTH": "true",
            "BIND_HOST": HOST,
            "MINISTACK_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_REGION": self.region,
            "MINISTACK_ACCOUNT_ID": self.account,
            "LAMBDA_ACCOUNT_CONCURRENCY": str(self.concurrency),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.state / "aws"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.state / "s3"),
            "TMPDIR": str(self.state / "tmp"),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": self.log_level,
            "AWS_ENDPOINT_URL": self.gateway_url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": self.root_key.access_key,
            "AWS_SECRET_ACCESS_KEY": self.root_key.secret_key,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": f"{HOST},localhost",
            "no_proxy": f"{HOST},localhost",
        }


def _lambda_python(environ: Mapping[str, str], root: Path) -> Path:
    """The interpreter for Python Lambdas: LAMBDA_RUNTIME_PYTHON, or the project's own `.venv-lambda`.

    Not resolved: a virtual environment's interpreter is a link, and through it Python finds the environment.
    """
    path = Path(environ.get("LAMBDA_RUNTIME_PYTHON") or root / ".venv-lambda" / "bin" / "python").absolute()
    if not path.exists():
        raise LambdaRuntimeMissingError(
            f"No interpreter for Lambda functions at {path}. Make it with `make setup`, or point "
            "LAMBDA_RUNTIME_PYTHON at one that has awslambdaric and boto3."
        )
    return path
