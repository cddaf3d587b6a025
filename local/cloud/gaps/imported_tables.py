"""A table that was imported into a stack keeps its name.

AWS: an update replaces a table when a property changes that asks for it; that its name is not the one which
CloudFormation would have given is no change (AWS CloudFormation User Guide, "Import AWS resources into a
CloudFormation stack"). Stock MiniStack: takes the generated name for the wanted one, so that the first update
after an import puts an empty table in the place of the imported one.
"""

from collections.abc import Mapping
from typing import Any

from ministack.services.cloudformation import provisioners

KIND, NAME = "AWS::DynamoDB::Table", "TableName"


def install() -> None:
    """Let an update know the name that the table has."""
    handler = provisioners._RESOURCE_HANDLERS[KIND]
    update = handler["update"]

    def update_table(
        physical_id: str, before: Mapping[str, Any], wanted: Mapping[str, Any], *others: Any
    ) -> Any:
        if NAME not in before and NAME not in wanted:
            before, wanted = {**before, NAME: physical_id}, {**wanted, NAME: physical_id}
        return update(physical_id, before, wanted, *others)

    handler["update"] = update_table
