"""Nobody signs up where an administrator invites.

AWS: with AllowAdminCreateUserOnly SignUp is refused, whoever asks. Stock MiniStack: keeps the setting and
makes the user.
"""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import cognito

REFUSED = "SignUp is not permitted for this user pool"


def install() -> None:
    """Refuse SignUp, and the form of the hosted pages, where the pool does."""
    cognito._sign_up = _asking(cognito._sign_up)


def _asking(sign_up: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    def sign_up_if_allowed(data: dict[str, Any]) -> Any:
        client = data.get("ClientId")
        for pool in list(cognito._user_pools.values()):
            closed = (pool.get("AdminCreateUserConfig") or {}).get("AllowAdminCreateUserOnly")
            if client in pool.get("_clients", {}) and closed in (True, "true"):
                return error_response_json("NotAuthorizedException", REFUSED, 400)
        return sign_up(data)

    return sign_up_if_allowed
