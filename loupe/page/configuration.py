"""What the page must know of the stack it belongs to, and whom it may talk to."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from loupe.stack import Stack

SCOPE = "openid email profile"


@dataclass(frozen=True)
class PageConfiguration:
    """`config.json`, and the origins for the Content-Security-Policy in `index.html`."""

    document: dict[str, Any]
    connect_to: tuple[str, ...]
    images_from: tuple[str, ...]


def page_configuration(stack: Stack, region: str, gateway_url: str | None) -> PageConfiguration:
    """Read from the stack's outputs. `gateway_url` is the local cloud's, where the stack is on one.

    StackNotFoundError names an output that is missing.
    """
    api_url, client_id = stack.output("ApiUrl"), stack.output("SignInClientId")
    if gateway_url:
        pool = stack.outputs.get("UserPoolId")
        issuer = f"{gateway_url}/{pool}" if pool else stack.output("SignInIssuer")
        buckets = [gateway_url]
    else:
        issuer = stack.output("SignInIssuer")
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        names = (stack.output("UploadsBucketName"), stack.output("ProcessedBucketName"))
        buckets = [f"https://{name}.s3.{region}.{suffix}" for name in names]
    oidc = {"authority": issuer, "clientId": client_id, "scope": SCOPE}
    audience = stack.outputs.get("SignInAudience")
    if "UserPoolId" not in stack.outputs and audience and audience != client_id:
        oidc["audience"] = audience
    document: dict[str, Any] = {"apiUrl": api_url, "oidc": oidc}
    if threshold := stack.parameters.get("ConfidenceThreshold"):
        document["threshold"] = float(threshold)
    if gateway_url:
        document["inboxUrl"] = "/_loupe/inbox"
    hosted_login = stack.outputs.get("SignInDomain") if not gateway_url else None
    connect_to = _origins(filter(None, [api_url, issuer, hosted_login, *buckets]))
    return PageConfiguration(document, connect_to, _origins(buckets))


def security_policy(configuration: PageConfiguration) -> str:
    """The policy for the page's `meta` tag: these origins and no other. (frame-ancestors holds in a header
    only.)
    """
    connect_to, images_from = " ".join(configuration.connect_to), " ".join(configuration.images_from)
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "font-src 'self'",
            "manifest-src 'self'",
            f"img-src 'self' blob: {images_from}",
            f"connect-src 'self' {connect_to}",
            "base-uri 'none'",
            "form-action 'self'",
            "require-trusted-types-for 'script'",
        ]
    )


def _origins(urls: Iterable[str]) -> tuple[str, ...]:
    """Scheme and host of each, once."""
    parts = [urlsplit(url) for url in urls]
    return tuple(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts))
