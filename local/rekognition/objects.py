"""Reading an S3 object with the permissions of whoever called Rekognition.

The gateway, which has verified the caller's signature, says who it is in the header `X-Loupe-Principal`: a
role's session is read for with that role's credentials, a user's call after IAM's simulator has allowed it,
root's as root. Whatever goes wrong is InvalidS3ObjectException, as on AWS.
"""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.rekognition import errors
from local.sagemaker.errors import ArtifactError
from local.sagemaker.roles import RoleSessions

MAX_OBJECT = 15 * 2**20


class Objects:
    """S3 objects as callers may read them."""

    def __init__(self, roles: RoleSessions) -> None:
        self._roles = roles

    def read(self, principal: str, reference: dict[str, str]) -> bytes:
        """The content of `{"Bucket", "Name", "Version"?}`; ImageTooLargeException over 15 MB."""
        where = {"Bucket": reference.get("Bucket", ""), "Key": reference.get("Name", "")}
        if not where["Bucket"] or not where["Key"]:
            raise errors.invalid_s3_object()
        if "Version" in reference:
            where["VersionId"] = reference["Version"]
        try:
            found = self._client(principal, where).get_object(**where)
            if found["ContentLength"] > MAX_OBJECT:
                found["Body"].close()
                raise errors.image_too_large()
            content: bytes = found["Body"].read()
        except (ClientError, BotoCoreError, ArtifactError) as error:
            raise errors.invalid_s3_object() from error
        return content

    def _client(self, principal: str, where: dict[str, str]) -> Any:
        kind, _, name = principal.rpartition(":")[2].partition("/")
        if kind == "root":
            return self._roles.root_client("s3")
        iam = self._roles.root_client("iam")
        if kind in ("assumed-role", "role"):
            role = name.split("/")[0] if kind == "assumed-role" else name.rsplit("/", 1)[-1]
            return self._roles.client("s3", iam.get_role(RoleName=role)["Role"]["Arn"])
        action = "s3:GetObjectVersion" if "VersionId" in where else "s3:GetObject"
        simulated = iam.simulate_principal_policy(
            PolicySourceArn=principal,
            ActionNames=[action],
            ResourceArns=[f"arn:aws:s3:::{where['Bucket']}/{where['Key']}"],
        )
        if any(result["EvalDecision"] != "allowed" for result in simulated["EvaluationResults"]):
            raise errors.invalid_s3_object()
        return self._roles.root_client("s3")
