"""`aws:SecureTransport` is true.

AWS: clients come over TLS, and a policy that denies plain HTTP denies nobody. Stock MiniStack: the gateway
speaks HTTP, so such a policy locks every role out. Loopback is as private as TLS; templates keep their
TLS-only policies.
"""

from collections.abc import Callable

from ministack import app


def install() -> None:
    """Say of every request that it came over TLS."""
    app.pin_request_origin = _secure(app.pin_request_origin)


def _secure(pin: Callable[[str, bool], None]) -> Callable[[str, bool], None]:
    def pin_secure(source_ip: str, secure: bool) -> None:
        pin(source_ip, True)

    return pin_secure
