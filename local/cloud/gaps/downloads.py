"""A function's code and a layer are for who was given their address.

AWS: GetFunction and GetLayerVersion give a presigned address of S3's, for ten minutes. Stock MiniStack: an
address of its own under `/_ministack/` that everybody can write down. Here: the address is signed with a
secret of this start, and the gateway answers no other.
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ministack import app
from ministack.services import lambda_svc

_PARAMETER = "X-Loupe-Signature"
_URLS = ("_presigned_code_url", "_layer_content_url")


def install(secret: str) -> None:
    """Sign the addresses."""
    for name in _URLS:
        setattr(lambda_svc, name, _signing(getattr(lambda_svc, name), secret))
    # Not a path of AWS's: a bucket may have the name.
    app._HEALTH_PATHS = ()


def is_signed(path: str, query: bytes, secret: str) -> bool:
    """Whether a request's address is one that the cloud has given."""
    given = parse_qs(query.decode("latin-1")).get(_PARAMETER, [""])[0]
    return hmac.compare_digest(given.encode(), _signature(path, secret).encode())


def _signing(address: Callable[..., str], secret: str) -> Callable[..., str]:
    def signed(*args: Any, **named: Any) -> str:
        url = address(*args, **named)
        joint = "&" if "?" in url else "?"
        return f"{url}{joint}{_PARAMETER}={_signature(urlsplit(url).path, secret)}"

    return signed


def _signature(path: str, secret: str) -> str:
    return hmac.new(secret.encode(), path.encode(), hashlib.sha256).hexdigest()
