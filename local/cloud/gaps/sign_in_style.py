"""A client's style, without which managed login has no pages for it.

AWS: AWS::Cognito::ManagedLoginBranding gives an app client its style. A client has one
(ManagedLoginBrandingExistsException); beside UseCognitoProvidedValues it takes neither Settings nor Assets
(API reference, CreateManagedLoginBranding). Where the pool's domain serves managed login (its version is 2),
pages of a client without a style are "nonfunctional" (DeleteManagedLoginBranding). Stock MiniStack: refuses a
stack that has the resource, and serves pages to every client.

What is missing still: the API's own operations on styles, which nothing here calls.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from ministack.services import cognito
from ministack.services.cloudformation import provisioners

KIND = "AWS::Cognito::ManagedLoginBranding"
MANAGED_LOGIN = 2
Properties = Mapping[str, Any]


def install() -> None:
    """Let stacks have the resource."""
    provisioners._RESOURCE_HANDLERS[KIND] = {"create": create, "update": update, "delete": delete}


def has_pages(pool: Mapping[str, Any], client_id: str) -> bool:
    """Whether the pool's domain shows this client's people a page to sign in."""
    versions = (pool.get("_managed_login_versions") or {}).values()
    return MANAGED_LOGIN not in versions or client_id in _styles(pool)


def create(logical_id: str, properties: Properties, stack: str) -> tuple[str, dict[str, str]]:
    """Give the client its style."""
    _check(properties)
    pool_id, client_id = str(properties.get("UserPoolId")), str(properties.get("ClientId"))
    pool = cognito._user_pools.get(pool_id)
    if not pool or client_id not in pool["_clients"]:
        raise ValueError(f"{KIND}: ResourceNotFoundException: there is no client {client_id} in {pool_id}.")
    if client_id in _styles(pool):
        raise ValueError(f"{KIND}: ManagedLoginBrandingExistsException: {client_id} has a style.")
    style = str(uuid.uuid4())
    pool["_sign_in_styles"] = {**_styles(pool), client_id: style}
    return f"{pool_id}|{style}", {"ManagedLoginBrandingId": style}


def update(physical_id: str, old: Properties, new: Properties, stack: str) -> tuple[str, dict[str, str]]:
    """Settings are changed in place; another client's style is another one."""
    if any(old.get(name) != new.get(name) for name in ("UserPoolId", "ClientId")):
        made = create("", new, stack)
        delete(physical_id, old)
        return made
    _check(new)
    return physical_id, {"ManagedLoginBrandingId": physical_id.rpartition("|")[2]}


def delete(physical_id: str, properties: Properties) -> None:
    """Take the style away; the pool may be gone already."""
    pool_id, _, style = physical_id.partition("|")
    if pool := cognito._user_pools.get(pool_id):
        pool["_sign_in_styles"] = {client: one for client, one in _styles(pool).items() if one != style}


def _styles(pool: Mapping[str, Any]) -> dict[str, str]:
    return dict(pool.get("_sign_in_styles") or {})


def _check(properties: Properties) -> None:
    given = str(properties.get("UseCognitoProvidedValues", "false")).lower() == "true"
    if given and (properties.get("Settings") or properties.get("Assets")):
        raise ValueError(
            f"{KIND}: InvalidParameterException: UseCognitoProvidedValues takes no Settings and no Assets."
        )
