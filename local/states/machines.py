"""CreateStateMachine, UpdateStateMachine and ValidateStateMachineDefinition, and CloudFormation's way to
them.

AWS: all of them refuse the definitions and roles that the modules `definitions` and `permissions` refuse;
validation answers with diagnostics. MiniStack: CloudFormation writes the record without any check,
validation always says OK.
"""

from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions
from ministack.services.cloudformation import provisioners

from local.states import permissions
from local.states.definitions import InvalidDefinitionError, check_express, parse
from local.states.log_delivery import camel, log_group
from local.states.patching import replace


def _refused(
    definition: Any, role_arn: str | None, logging_configuration: Any, kind: str = "STANDARD"
) -> Any:
    """The answer that refuses a machine, None if it is right."""
    try:
        if definition is not None:
            parse(definition)
            if kind == "EXPRESS":
                check_express(definition)
    except InvalidDefinitionError as error:
        return error_response_json("InvalidDefinition", f"Invalid State Machine Definition: '{error}'", 400)
    configuration = camel(logging_configuration or {})
    if configuration.get("level", "OFF") != "OFF" and log_group(configuration) is None:
        return error_response_json(
            "InvalidLoggingConfiguration",
            "Invalid Logging Configuration: Must specify exactly one Log Destination.",
            400,
        )
    try:
        if role_arn is not None:
            permissions.check_machine(role_arn, logging_configuration, definition)
    except permissions.AccessRefusedError as error:
        return error_response_json("AccessDeniedException", str(error), 400)
    return None


def _create(data: dict[str, Any]) -> Any:
    definition, kind = data.get("definition") or "", data.get("type", "STANDARD")
    refused = _refused(definition, data.get("roleArn"), data.get("loggingConfiguration"), kind)
    return refused or _create_record(data)


def _update(data: dict[str, Any]) -> Any:
    machine = stepfunctions._state_machines.get(data.get("stateMachineArn"))
    if machine is not None:
        logging = data.get("loggingConfiguration", machine.get("loggingConfiguration"))
        role, kind = data.get("roleArn", machine["roleArn"]), machine.get("type", "STANDARD")
        refused = _refused(data.get("definition", machine["definition"]), role, logging, kind)
        if refused:
            return refused
    return _update_record(data)


def _validate(data: dict[str, Any]) -> Any:
    try:
        parse(data.get("definition") or "")
        if data.get("type") == "EXPRESS":
            check_express(data["definition"])
    except InvalidDefinitionError as error:
        diagnostic = {
            "severity": "ERROR",
            "code": error.code,
            "message": error.message,
            "location": error.location,
        }
        return json_response({"result": "FAIL", "diagnostics": [diagnostic], "truncated": False})
    return json_response({"result": "OK", "diagnostics": [], "truncated": False})


def _create_by_stack(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
    definition = provisioners._sfn_definition(properties)
    logging = camel(properties.get("LoggingConfiguration") or {"level": "OFF"})
    kind = properties.get("StateMachineType", "STANDARD")
    _raise(logical_id, _refused(definition, properties.get("RoleArn"), logging, kind))
    created = _create_stack_resource(logical_id, properties, stack_name)
    stepfunctions._state_machines[created[0]]["loggingConfiguration"] = logging
    return created


def _update_by_stack(
    physical_id: str, old: dict[str, Any], new: dict[str, Any], stack_name: str, logical_id: str | None = None
) -> Any:
    if "LoggingConfiguration" in new:
        new = {**new, "LoggingConfiguration": camel(new["LoggingConfiguration"])}
    return _update_stack_resource(physical_id, old, new, stack_name, logical_id)


def _raise(logical_id: str, refused: Any) -> None:
    if refused:
        raise ValueError(f"{logical_id}: {refused[2]!r}")


_create_record = stepfunctions._create_state_machine
_update_record = stepfunctions._update_state_machine
_handlers = provisioners._RESOURCE_HANDLERS["AWS::StepFunctions::StateMachine"]
_create_stack_resource = _handlers["create"]
_update_stack_resource = _handlers["update"]


def install() -> None:
    replace(stepfunctions, "_create_state_machine", _create)
    replace(stepfunctions, "_update_state_machine", _update)
    replace(stepfunctions, "_validate_state_machine_definition", _validate)
    _handlers.update(create=_create_by_stack, update=_update_by_stack)
