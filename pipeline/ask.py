"""What the pipeline's scripts ask AWS, without needing the AWS CLI.

usage: ask.py output STACK NAME          one output of a stack; nothing where there is none of that name
       ask.py parameters STACK           its parameters, a line each, as NAME="VALUE"
       ask.py digest REPOSITORY TAG      the digest of an image; nothing where there is no such image
       ask.py registry-password          for `docker login --username AWS --password-stdin`
"""

import base64
import sys
from collections.abc import Callable

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def output(stack: str, name: str) -> str:
    [described] = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}
    return outputs.get(name, "")


def parameters(stack: str) -> str:
    [described] = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    given = described.get("Parameters", [])
    return "\n".join(f'{each["ParameterKey"]}="{each.get("ParameterValue", "")}"' for each in given)


def digest(repository: str, tag: str) -> str:
    ecr = boto3.client("ecr")
    try:
        found = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ecr.exceptions.ImageNotFoundException:
        return ""
    return str(found["imageDetails"][0]["imageDigest"])


def registry_password() -> str:
    [authorization] = boto3.client("ecr").get_authorization_token()["authorizationData"]
    _, _, password = base64.b64decode(authorization["authorizationToken"]).decode().partition(":")
    return password


QUESTIONS: dict[str, tuple[Callable[..., str], int]] = {
    "output": (output, 2),
    "parameters": (parameters, 1),
    "digest": (digest, 2),
    "registry-password": (registry_password, 0),
}


def main(arguments: list[str]) -> int:
    """Print the answer; 2 for a question that is none, 1 when AWS gives no answer."""
    question, expected = QUESTIONS.get(arguments[0] if arguments else "", (None, 0))
    if question is None or len(arguments) != expected + 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print(question(*arguments[1:]))
    except (BotoCoreError, ClientError) as error:
        print(f"ask.py {arguments[0]}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
