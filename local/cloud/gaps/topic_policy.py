"""A topic made by CloudFormation does not let everybody publish.

AWS: the policy a topic is born with holds for its owner's services (`AWS:SourceOwner`); a role needs
sns:Publish of its own. Stock MiniStack: leaves that condition out when CloudFormation makes the topic, so any
role may publish.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import sns
from ministack.services.cloudformation import provisioners

_DEFAULT = "__default_statement_ID"


def install() -> None:
    """Give topics of a stack the policy that CreateTopic gives."""
    handler = provisioners._RESOURCE_HANDLERS["AWS::SNS::Topic"]
    handler["create"] = _restricting(handler["create"])


def _restricting(create: Callable[..., Any]) -> Callable[..., Any]:
    def create_topic(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        answer = create(logical_id, properties, stack)
        attributes = sns._topics[answer[0]]["attributes"]
        policy = json.loads(attributes["Policy"])
        for statement in policy["Statement"]:
            if statement.get("Sid") == _DEFAULT:
                statement["Condition"] = {"StringEquals": {"AWS:SourceOwner": get_account_id()}}
        attributes["Policy"] = json.dumps(policy)
        return answer

    return create_topic
