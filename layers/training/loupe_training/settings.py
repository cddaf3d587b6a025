"""What the training functions are given by their environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from loupe_core.settings import required


@dataclass(frozen=True)
class PlanSettings:
    """Settings of plan_training: what a stack trains with and hosts on."""

    stack_name: str
    training_bucket: str
    models_bucket: str
    endpoint_name: str
    minimum_accuracy: float
    hosting_instance_type: str
    hosting_instance_count: int
    serverless_memory_mb: int
    serverless_concurrency: int
    data_capture_percentage: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "PlanSettings":
        return cls(
            stack_name=required(environ, "STACK_NAME"),
            training_bucket=required(environ, "TRAINING_BUCKET"),
            models_bucket=required(environ, "MODELS_BUCKET"),
            endpoint_name=required(environ, "ENDPOINT_NAME"),
            minimum_accuracy=float(required(environ, "MINIMUM_ACCURACY")),
            hosting_instance_type=required(environ, "HOSTING_INSTANCE_TYPE"),
            hosting_instance_count=int(required(environ, "HOSTING_INSTANCE_COUNT")),
            serverless_memory_mb=int(required(environ, "SERVERLESS_MEMORY")),
            serverless_concurrency=int(required(environ, "SERVERLESS_CONCURRENCY")),
            data_capture_percentage=int(required(environ, "DATA_CAPTURE_PERCENTAGE")),
        )


@dataclass(frozen=True)
class FinalizeSettings:
    """Settings of finalize_training. `nested_machines` are ARNs of the machines that train_model starts."""

    training_bucket: str
    topic_arn: str
    state_machine_arn: str
    nested_machines: tuple[str, ...]
    endpoint_name: str
    maximum_training_seconds: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "FinalizeSettings":
        return cls(
            training_bucket=required(environ, "TRAINING_BUCKET"),
            topic_arn=required(environ, "NOTIFICATIONS_TOPIC"),
            state_machine_arn=required(environ, "STATE_MACHINE"),
            nested_machines=tuple(required(environ, "NESTED_MACHINES").split(",")),
            endpoint_name=required(environ, "ENDPOINT_NAME"),
            maximum_training_seconds=int(required(environ, "MAXIMUM_TRAINING_SECONDS")),
        )
