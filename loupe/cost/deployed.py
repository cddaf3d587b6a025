"""What a deployed stack says of itself: its parameters and its functions' memory."""

from dataclasses import replace

from loupe.aws import Cloud
from loupe.aws_errors import translate_errors
from loupe.cost.stack_usage import StackFacts
from loupe.stack import Stack, physical_ids


def facts_of_stack(cloud: Cloud, stack: Stack, template: StackFacts) -> StackFacts:
    """The stack's own parameters and memory sizes; what it does not say is as the template has it."""
    with translate_errors(cloud.where):
        cloudformation = cloud.client("cloudformation")
        [described] = cloudformation.describe_stacks(StackName=stack.name)["Stacks"]
        given = {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])}
        names = physical_ids(cloudformation, stack.name, "AWS::Lambda::Function")
        functions = cloud.client("lambda")
        memory = {
            logical: int(functions.get_function_configuration(FunctionName=name)["MemorySize"])
            for logical, name in names.items()
            if logical in template.memory_mb
        }
    return replace(
        template,
        workflow_type=given.get("WorkflowType", template.workflow_type),
        faces=given.get("DetectFaces", "false") == "true",
        email=bool(given.get("NotificationEmail")),
        uses_container=bool(given.get("ClassifierFunctionArn")),
        memory_mb={**template.memory_mb, **memory},
    )
