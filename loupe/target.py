"""Which cloud a command talks to.

1. `--aws`: AWS, or what AWS_ENDPOINT_URL names; credentials and region as every AWS tool takes them.
2. `--local`: the local cloud of this folder; it is an error when none runs.
3. Otherwise AWS_ENDPOINT_URL, if set; otherwise the local cloud, if one runs; otherwise AWS.

A running local cloud wins over AWS_PROFILE, so that nothing meant for the laptop reaches an account by
accident.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ProfileNotFound

from local.cloud import client as local_cloud
from local.cloud.client import CloudInfo
from local.cloud.credentials import KNOWN_KEY, RootKey, read_root_key
from loupe.errors import CredentialsError, TargetError
from loupe.settings import Settings

LOCAL_REGION = "us-east-1"
FindCloud = Callable[[Path], CloudInfo | None]
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Target:
    """A cloud to talk to.

    `endpoint_url` None is AWS itself; `local` is a loopback gateway, whose root key is `key`.
    """

    endpoint_url: str | None
    local: bool
    region: str | None = None
    profile: str | None = None
    key: RootKey = KNOWN_KEY

    @classmethod
    def of(cls, cloud: CloudInfo) -> "Target":
        """A running local cloud."""
        return cls(cloud.gateway_url, local=True, region=cloud.region, key=cloud.root_key)

    @property
    def gateway_url(self) -> str | None:
        """The endpoint, where it is this machine's, with whatever credentials; None on AWS."""
        return self.endpoint_url if self.endpoint_url and _is_loopback(self.endpoint_url) else None

    @property
    def name(self) -> str:
        """For people: where a command went."""
        if self.endpoint_url:
            return f"the local cloud at {self.endpoint_url}" if self.local else self.endpoint_url
        return f"AWS ({self.region})" if self.region else "AWS"


def resolve_target(
    settings: Settings,
    *,
    choice: str | None = None,
    profile: str | None = None,
    region: str | None = None,
    environ: Mapping[str, str] = os.environ,
    find_cloud: FindCloud = local_cloud.running,
) -> Target:
    """Apply the module's rule. `choice` is "aws", "local" or None; a profile, when given, is AWS's."""
    if choice == "local" or (choice is None and not settings.endpoint_url and not profile):
        if cloud := find_cloud(settings.state):
            return Target.of(cloud)
        if choice == "local":
            raise TargetError("No local cloud is running here. Start one with: loupe up --detach")
    has_credentials = bool(profile or environ.get("AWS_PROFILE") or environ.get("AWS_ACCESS_KEY_ID"))
    if settings.endpoint_url and _is_loopback(settings.endpoint_url) and not has_credentials:
        region = region or _region(environ) or LOCAL_REGION
        cloud = find_cloud(settings.state)
        key = cloud.root_key if cloud and cloud.gateway_url == settings.endpoint_url else KNOWN_KEY
        return Target(settings.endpoint_url, local=True, region=region, key=key)
    return Target(settings.endpoint_url, local=False, region=region, profile=profile)


def make_session(target: Target, environ: Mapping[str, str] = os.environ) -> boto3.session.Session:
    """Credentials and region for the target; TargetError or CredentialsError when there are none."""
    if target.local:
        return local_session(target.region or LOCAL_REGION, target.key)
    # boto3 alone would not look at AWS_REGION, which the AWS CLI and the other SDKs take.
    region = target.region or environ.get("AWS_REGION") or None
    try:
        session = boto3.session.Session(profile_name=target.profile, region_name=region)
        credentials = session.get_credentials()
    except ProfileNotFound as error:
        raise CredentialsError(f"{error}. `aws configure list-profiles` shows those you have.") from error
    if credentials is None:
        raise CredentialsError(
            "No local cloud is running here and no AWS credentials were found. "
            "Start one with `loupe up --detach`, or sign in to AWS (`aws configure`, `aws sso login`)."
        )
    if session.region_name is None:
        raise TargetError("No AWS region is set. Give --region, or set AWS_REGION.")
    return session


def local_session(region: str = LOCAL_REGION, key: RootKey = KNOWN_KEY) -> boto3.session.Session:
    """The local cloud's root credentials; the person's own AWS configuration is not consulted."""
    return boto3.session.Session(
        aws_access_key_id=key.access_key, aws_secret_access_key=key.secret_key, region_name=region
    )


def client_config(target: Target, parallel: int) -> Config:
    """Retries patient enough for throttling, connections for as many pictures as go at once."""
    return Config(
        connect_timeout=5 if target.local else 10,
        read_timeout=60,
        retries={"mode": "standard", "total_max_attempts": 4 if target.local else 8},
        max_pool_connections=parallel + 4,
        s3={"addressing_style": "path"} if target.local else None,
        proxies={} if target.local else None,
    )


def local_environ(gateway_url: str, environ: Mapping[str, str], state: Path) -> dict[str, str]:
    """An environment in which any AWS tool talks to the local cloud, and to nothing else.

    The person's profiles, tokens and configuration files are hidden from it, so that no key of theirs is read
    or sent.
    """
    hidden = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN")
    kept = {
        name: value
        for name, value in environ.items()
        if name not in hidden
        and not name.startswith(("AWS_ENDPOINT_URL", "AWS_CONTAINER_", "AWS_WEB_IDENTITY_"))
    }
    without_proxy = ",".join(filter(None, [environ.get("NO_PROXY") or environ.get("no_proxy"), *LOOPBACK]))
    key = read_root_key(state)
    return kept | {
        "AWS_ENDPOINT_URL": gateway_url,
        "AWS_ACCESS_KEY_ID": key.access_key,
        "AWS_SECRET_ACCESS_KEY": key.secret_key,
        "AWS_REGION": LOCAL_REGION,
        "AWS_DEFAULT_REGION": LOCAL_REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.5",
        "__SAM_CLI_APP_DIR": str(state / "sam"),
        "NO_PROXY": without_proxy,
        "no_proxy": without_proxy,
    }


def exports(target: Target) -> list[str]:
    """Lines for a shell after which AWS's own tools talk to a local cloud.

    The AWS CLI and most SDKs take AWS_REGION, boto3 AWS_DEFAULT_REGION alone.
    """
    region = target.region or LOCAL_REGION
    return [
        f"export AWS_ENDPOINT_URL={target.endpoint_url} AWS_REGION={region} AWS_DEFAULT_REGION={region}",
        f"export AWS_ACCESS_KEY_ID={target.key.access_key} AWS_SECRET_ACCESS_KEY={target.key.secret_key}",
    ]


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in LOOPBACK


def _region(environ: Mapping[str, str]) -> str | None:
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
