"""The tags that the training workflow gives to what it makes in SageMaker."""

from typing import Any

STACK = "loupe:stack"
NAME = "loupe:model"
ACCURACY = "loupe:accuracy"
REPORT = "loupe:report"
PREVIOUS = "loupe:previous-endpoint-config"


def tags_of(sagemaker: Any, arn: str) -> dict[str, str]:
    """ListTags, all of them."""
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
