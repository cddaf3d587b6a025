"""Roles of a deployed stack, for tests that take a permission away and give it back."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from loupe.stack import physical_ids
from tests.cloud import DeployedStack

# What AWS's services say when something is not allowed.
DENIED = ("AccessDenied", "not authorized")


class DeployedRole:
    """A role of the deployed stack, statement by statement."""

    def __init__(self, stack: DeployedStack, logical_id: str) -> None:
        self._iam = stack.client("iam")
        cloudformation = stack.client("cloudformation")
        roles: dict[str, str] = {}
        for name in stack.stack.all_names:
            roles |= physical_ids(cloudformation, name, "AWS::IAM::Role")
        self.name = roles[logical_id]

    def policies(self) -> dict[str, Any]:
        names = self._iam.list_role_policies(RoleName=self.name)["PolicyNames"]
        read = self._iam.get_role_policy
        return {name: read(RoleName=self.name, PolicyName=name)["PolicyDocument"] for name in names}

    def statements(self) -> list[str]:
        return [each["Sid"] for policy in self.policies().values() for each in policy["Statement"]]

    @contextmanager
    def without(self, sid: str, action: str = "", function: str = "") -> Iterator[None]:
        """The role without a statement, or without one action of it, or without one function in it."""
        with self._changed(lambda each: each["Sid"] != sid or _lessened(each, action, function)):
            yield

    @contextmanager
    def narrowed(self, sid: str, *resources: str) -> Iterator[None]:
        """The role with other resources in a statement."""

        def narrow(statement: dict[str, Any]) -> bool:
            if statement["Sid"] == sid:
                statement["Resource"] = list(resources)
            return True

        with self._changed(narrow):
            yield

    @contextmanager
    def _changed(self, change: Callable[[dict[str, Any]], bool]) -> Iterator[None]:
        """The role with its statements changed; those for which `change` is False are left out."""
        before = self.policies()
        for name, policy in before.items():
            left = copy.deepcopy(policy)
            left["Statement"] = [each for each in left["Statement"] if change(each)]
            if left["Statement"] == policy["Statement"]:
                continue
            if left["Statement"]:
                self._put(name, left)
            else:
                self._iam.delete_role_policy(RoleName=self.name, PolicyName=name)
        try:
            yield
        finally:
            for name, policy in before.items():
                self._put(name, policy)

    def _put(self, name: str, policy: Any) -> None:
        self._iam.put_role_policy(RoleName=self.name, PolicyName=name, PolicyDocument=json.dumps(policy))


def _lessened(statement: dict[str, Any], action: str, function: str) -> bool:
    """Takes an action or a function's resource out of a statement; False if nothing of it is left."""
    taken = (("Action", action), ("Resource", function))
    for member, what in taken:
        named = statement[member] if isinstance(statement[member], list) else [statement[member]]
        statement[member] = [each for each in named if not what or what not in each]
    return bool((action or function) and statement["Action"] and statement["Resource"])
