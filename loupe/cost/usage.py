"""What one picture uses, service by service."""

from collections.abc import Mapping
from dataclasses import dataclass

# Lambda gives a whole processor at this memory, and a part of it below.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
WHOLE_PROCESSOR_MB = 1769
EXPRESS_CHUNK_MB = 64
EXPRESS_BASE_MB = 50


@dataclass(frozen=True)
class FunctionUse:
    """An invocation: the function's memory, and what it took on a whole processor, in milliseconds."""

    name: str
    memory_mb: int
    measured_ms: float

    @property
    def billed_ms(self) -> float:
        """Measured time, all of it taken for computing, stretched to the processor that this memory gets."""
        return max(1.0, self.measured_ms * max(1.0, WHOLE_PROCESSOR_MB / self.memory_mb))

    @property
    def gb_seconds(self) -> float:
        return self.memory_mb / 1024 * self.billed_ms / 1000


@dataclass(frozen=True)
class Usage:
    """One picture's way to its record and message, with nothing failing and all functions warm."""

    name: str
    transitions: int = 0
    express_seconds: float = 0.0
    express_memory_mb: int = EXPRESS_CHUNK_MB
    functions: tuple[FunctionUse, ...] = ()
    writes: float = 0
    reads: float = 0
    puts: float = 0
    gets: float = 0
    events: float = 0
    publishes: float = 0
    emails: float = 0
    log_bytes: float = 0
    traces: float = 0
    detected: float = 0
    endpoint_gb_seconds: float = 0
    endpoint_bytes: float = 0

    def quantities(self) -> Mapping[str, Mapping[str, float]]:
        """Quantities by service and price, each as prices.json counts it."""
        express = self.express_seconds > 0
        billed_seconds = -(-round(self.express_seconds * 1000) // 100) / 10
        return {
            "Step Functions": {
                "states.transition": self.transitions,
                "states.express.request": 1 if express else 0,
                "states.express.gbSecond": billed_seconds * self.express_memory_mb / 1024 if express else 0,
            },
            "Lambda": {
                "lambda.request": len(self.functions),
                "lambda.gbSecond": sum(function.gb_seconds for function in self.functions),
            },
            "DynamoDB": {"dynamodb.write": self.writes, "dynamodb.read": self.reads},
            "S3": {"s3.put": self.puts, "s3.get": self.gets},
            "EventBridge": {"events.event": self.events},
            "SNS": {"sns.publish": self.publishes, "sns.email": self.emails},
            "CloudWatch Logs": {"logs.gb": self.log_bytes / 2**30},
            "X-Ray": {"xray.trace": self.traces},
            "Rekognition": {"rekognition.image": self.detected},
            "SageMaker": {
                "sagemaker.serverless.gbSecond": self.endpoint_gb_seconds,
                "sagemaker.data.gb": self.endpoint_bytes / 2**30,
            },
        }


def express_memory(definition_bytes: int, payload_bytes: int, branches: int) -> int:
    """Megabytes billed for an Express execution: 50 and its definition and data, in chunks of 64.

    Source: pricing example 3 of https://aws.amazon.com/step-functions/pricing/
    """
    used = EXPRESS_BASE_MB + (definition_bytes + payload_bytes * max(1, branches)) / 2**20
    return int(-(-used // EXPRESS_CHUNK_MB)) * EXPRESS_CHUNK_MB
