"""What the service is started with."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REGION = "us-east-1"
ACCOUNT = "000000000000"
PARTITION = "aws"
PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """Where things are, and how long they may take (seconds)."""

    gateway: str
    state: Path
    images: Path | None = None
    own_url: str = ""
    startup_seconds: float = 120
    invocation_seconds: float = 60
    stop_grace_seconds: float = 120

    @classmethod
    def read(cls, gateway: str, state: Path, own_url: str, environ: Mapping[str, str]) -> "Settings":
        """From the command line's arguments and LOUPE_SAGEMAKER_… variables; ValueError names a wrong one."""
        images = environ.get("LOUPE_SAGEMAKER_IMAGES")
        return cls(
            gateway=gateway.rstrip("/"),
            state=state.resolve(),
            images=Path(images) if images else None,
            own_url=own_url,
            startup_seconds=_seconds(environ, "LOUPE_SAGEMAKER_STARTUP_SECONDS", cls.startup_seconds),
            invocation_seconds=_seconds(
                environ, "LOUPE_SAGEMAKER_INVOCATION_SECONDS", cls.invocation_seconds
            ),
            stop_grace_seconds=_seconds(
                environ, "LOUPE_SAGEMAKER_STOP_GRACE_SECONDS", cls.stop_grace_seconds
            ),
        )


def _seconds(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name)
    try:
        value = float(text) if text else default
    except ValueError as error:
        raise ValueError(f"{name} must be a number of seconds, not {text!r}") from error
    if value <= 0:
        raise ValueError(f"{name} must be more than 0")
    return value


def default_state(environ: Mapping[str, str]) -> Path:
    """The service's folder in the local cloud's state folder."""
    return Path(environ.get("LOUPE_STATE") or PROJECT / ".loupe") / "sagemaker"


def arn(service: str, resource: str) -> str:
    """`arn:aws:…` of something in the local cloud's one region and account."""
    return f"arn:{PARTITION}:{service}:{REGION}:{ACCOUNT}:{resource}"


def sagemaker_arn(kind: str, name: str) -> str:
    """A SageMaker resource's ARN; SageMaker writes names in lower case there."""
    return arn("sagemaker", f"{kind}/{name.lower()}")
