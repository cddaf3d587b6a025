"""What other stacks import stays as it is.

AWS: an update that changes or removes an export which another stack imports fails and is rolled back, and no
two stacks of an account and region export one name (AWS CloudFormation User Guide, "Get exported outputs from
a deployed CloudFormation stack"). Stock MiniStack: refuses only to delete the exporting stack.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, stacks

Exports = Mapping[str, Mapping[str, str]]


def install() -> None:
    """Hold an update's exports against what others import."""
    stacks._resolve_stack_outputs = _checking(stacks._resolve_stack_outputs)


def _checking(resolve: Callable[..., Any]) -> Callable[..., Any]:
    def resolve_outputs(*arguments: Any) -> Any:
        outputs, exports = resolve(*arguments)
        stack_name, stack_id = arguments[-2:]
        refuse_what_others_hold(cloudformation._exports, exports, stack_id, _importers(stack_name))
        return outputs, exports

    return resolve_outputs


def refuse_what_others_hold(
    there: Exports, new: Exports, stack_id: str, importers: Callable[[str], list[str]]
) -> None:
    """ValueError with CloudFormation's words, where an export is another stack's or others import it.

    `there` are all exports, `new` those that the stack will have, by name.
    """
    for name in new:
        owner = there[name]["StackId"] if name in there else stack_id
        if owner != stack_id:
            raise ValueError(f"Export with name {name} is already exported by stack {owner.split('/')[1]}")
    for name, export in list(there.items()):
        if export["StackId"] != stack_id or (name in new and new[name]["Value"] == export["Value"]):
            continue
        if users := importers(name):
            what = "updated" if name in new else "deleted"
            raise ValueError(f"Export {name} cannot be {what} as it is in use by {', '.join(users)}")


def _importers(stack_name: str) -> Callable[[str], list[str]]:
    def importers(export: str) -> list[str]:
        return [
            other
            for other, stack in cloudformation._stacks.items()
            if other != stack_name
            and not stack.get("StackStatus", "").startswith("DELETE")
            and export in handlers._imported_export_names(stack, other)
        ]

    return importers
