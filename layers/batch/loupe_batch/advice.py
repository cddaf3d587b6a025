"""What a person can do about a picture that could not be read: who must be allowed what."""

from botocore.exceptions import ClientError

from loupe_batch.errors import ImageArchivedError
from loupe_batch.items import Item
from loupe_core.errors import AccessDeniedError, LoupeError


def advised(error: LoupeError, item: Item, role: str) -> LoupeError:
    """The error with advice, by what S3 said behind it; the error itself where there is none."""
    answer = error.__cause__
    if not isinstance(answer, ClientError):
        return error
    said = answer.response.get("Error", {})
    if said.get("Code") == "InvalidObjectState":
        return archived(item)
    if not isinstance(error, AccessDeniedError):
        return error
    if "kms:" in said.get("Message", "") or said.get("Code", "").startswith("KMS."):
        return AccessDeniedError(
            f"{error} The picture is encrypted by a KMS key that {role} may not use: allow it kms:Decrypt in "
            "the key's policy."
        )
    return AccessDeniedError(
        f"{error} Allow {role} s3:GetObject and s3:GetObjectVersion on arn:aws:s3:::{item.bucket}/* in the "
        "bucket's policy where another account owns it, and by the parameter SourceBuckets."
    )


def archived(item: Item) -> ImageArchivedError:
    return ImageArchivedError(
        f"s3://{item.bucket}/{item.key} is archived. Restore it (s3:RestoreObject), then resume the run."
    )
