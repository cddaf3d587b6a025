"""The texts of notifications: subject, e-mail, SMS, JSON for webhooks. Pure: from a record to what SNS
takes.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from loupe_core.claims import text
from loupe_core.confidence import percent
from loupe_core.outcomes import BELOW_THRESHOLD, CLASSIFIED, REJECTED

# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: ASCII, under 100 characters, no line breaks.
MAX_SUBJECT_LENGTH = 99
MAX_SMS_LENGTH = 140
MAX_NAME_LENGTH = 60
# No account of AWS has this number, and every local cloud has it.
NO_ACCOUNT = "000000000000"
# Of an input that names no picture.
NO_NAME = "(no name)"
FORMATS = "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF"

_AGAIN = "then start the execution again, or use `loupe retry`."
ADVICE = {
    BELOW_THRESHOLD: (
        "Look at the picture: a clearer one may pass. Or lower the threshold, for this execution "
        '("threshold" in its input) or for all (stack parameter ConfidenceThreshold).'
    ),
    "InvalidInputError": (
        'Start the execution again with an input such as {"image_data": "", "s3_bucket": "my-bucket", '
        '"s3_key": "uploads/picture.jpg"}.'
    ),
    "ImageNotFoundError": (
        "Check the bucket and the key (they are case-sensitive), and that the picture was not deleted, "
        + _AGAIN
    ),
    "AccessDeniedError": f"Give the role the permission named above, {_AGAIN}",
    "UnsupportedImageError": f"Upload the picture as {FORMATS}.",
    "CorruptImageError": "The file is damaged or was cut off on its way. Upload it again.",
    "ImageTooLargeError": "Upload a smaller picture: at most 25 MB and 50 megapixels.",
    "EndpointNotFoundError": (
        "Create the SageMaker endpoint, or set the stack parameter EndpointName to one that exists."
    ),
    "EndpointNotReadyError": f"Wait until the endpoint is InService, {_AGAIN}",
    "EndpointThrottledError": (
        "Too many pictures at once. Start the execution again later, or give the endpoint more instances."
    ),
    "EndpointFailedError": (
        f"Look at the log of the endpoint (CloudWatch, group /aws/sagemaker/Endpoints/...), {_AGAIN}"
    ),
    "EndpointRejectedError": (
        "Check that the model of the endpoint takes pictures and answers with scores; its log tells more."
    ),
    "ExecutionAborted": "Start the execution again if the picture is still wanted.",
    "ReviewTimedOutError": "Nobody looked at it in time. Classify it again, or label it: `loupe label`.",
    "NoLabelFitsError": "Nothing, or train a model that knows what this picture shows.",
    "UnusableImageError": "Upload a better picture, if there is one.",
}
# How a refusal is worded: in the subject, and as the mail's first sentence.
REFUSALS = {
    BELOW_THRESHOLD: ("confidence too low", "the model is not sure enough"),
    "NoLabelFitsError": ("no label fits", "a person found that none of the labels fits"),
    "UnusableImageError": ("unusable", "a person found it unusable"),
    "ReviewTimedOutError": ("not reviewed in time", "the model is not sure enough, and nobody reviewed it"),
}
PERMISSION_ADVICE = f"Give the role the permission named above, {_AGAIN}"
KEY_ADVICE = (
    "Give the stack the key (parameter KmsKeyArn of the core, and of the site), see that the key's own "
    f"policy lets the account's roles use it, {_AGAIN}"
)
DEFAULT_ADVICE = f"Open the execution to see where it failed, fix the cause, {_AGAIN}"
URL_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}|\+")


def advice(error: str, cause: str, key: str = "") -> str:
    """What a person can do about an error."""
    if error == "ImageNotFoundError" and URL_ENCODED.search(key):
        return (
            "The key looks URL-encoded, as S3's own notifications and browsers' addresses have it. "
            f"Give it as S3 lists it (a space for + or %20), {_AGAIN}"
        )
    if "kms:" in cause and error == "AccessDeniedError":
        return KEY_ADVICE
    if error in ADVICE:
        return ADVICE[error]
    return PERMISSION_ADVICE if "not authorized" in cause else DEFAULT_ADVICE


def notification(record: Mapping[str, Any], processed_bucket: str) -> dict[str, Any]:
    """A picture's outcome as SNS's Publish takes it, without the topic.

    `record` is the Images table's, in a final state; its `status` and `claimId` travel as attributes, by
    which the outcome is acknowledged once SNS has taken the message.
    """
    name, status = _printable(text(record, "key").rsplit("/", 1)[-1]) or NO_NAME, text(record, "status")
    headline = _headline(name, record)
    body = "\n".join(_email(name, record, processed_bucket))
    return {
        "Subject": _ascii(f"Loupe: {headline}")[:MAX_SUBJECT_LENGTH],
        "MessageStructure": "json",
        "Message": json.dumps(
            {
                "default": body,
                "email": body,
                "sms": f"Loupe: {headline}"[:MAX_SMS_LENGTH],
                "https": json.dumps(_webhook(record), ensure_ascii=False),
            },
            ensure_ascii=False,
        ),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value}
            for name, value in {
                "status": status,
                "imageId": text(record, "imageId"),
                "claimId": text(record, "claimId"),
            }.items()
            # SNS takes no empty attribute.
            if value
        },
    }


def _headline(name: str, record: Mapping[str, Any]) -> str:
    name = name if len(name) <= MAX_NAME_LENGTH else name[: MAX_NAME_LENGTH - 1] + "…"
    if record["status"] == CLASSIFIED:
        sure = "labelled by a person" if _by_person(record) else percent(record["confidence"])
        return f"{name} shows {_printable(text(record, 'label'))} ({sure})"
    if record["status"] == REJECTED and _error(record)["name"] in REFUSALS:
        return f"{name} was refused, {REFUSALS[_error(record)['name']][0]}"
    return f"{name} failed, {_error(record)['name']}"


def _email(name: str, record: Mapping[str, Any], processed_bucket: str) -> list[str]:
    if record["status"] == CLASSIFIED and _by_person(record):
        lines = [
            f"The picture {name} was labelled by a person.",
            "",
            f"Label:         {_printable(text(record, 'label'))}",
            f"Model's guess: {_printable(text(record, 'modelLabel') or 'none')}",
            "",
        ]
    elif record["status"] == CLASSIFIED:
        lines = [
            f"The picture {name} was classified.",
            "",
            f"Label:         {_printable(text(record, 'label'))}",
            f"Confidence:    {percent(record['confidence'])}",
            "",
        ]
    else:
        error = _error(record)
        lines = [
            f"The picture {name} was refused: {REFUSALS[error['name']][1]}."
            if error["name"] in REFUSALS
            else f"The picture {name} could not be classified.",
            "",
            f"What happened: {_printable(error['cause'])}",
            f"Error:         {error['name']}",
            f"What to do:    {advice(error['name'], error['cause'], text(record, 'key'))}",
            "",
        ]
    return [*lines, *_predictions(record), *_faces(name, record), *_places(record, processed_bucket)]


def _predictions(record: Mapping[str, Any]) -> list[str]:
    predictions: Sequence[Mapping[str, Any]] = record.get("predictions") or ()
    if not predictions:
        return []
    listed = [f"  {_printable(str(each['label']))} - {percent(each['score'])}" for each in predictions]
    return ["The five best:" if len(listed) > 1 else "The model's answer:", *listed, ""]


def _faces(name: str, record: Mapping[str, Any]) -> list[str]:
    failure = record.get("facesError")
    if failure:
        return [f"Faces could not be looked for: {failure['name']}", ""]
    if record.get("faceDetected") is None:
        return []
    return [f"{'Face' if record['faceDetected'] else 'No face'} detected in image {name}", ""]


def _places(record: Mapping[str, Any], processed_bucket: str) -> list[str]:
    arn = text(record, "executionArn")
    # Where a person looks first; a picture that did not come through the page has none.
    page = text(record, "pageUrl")
    lines = [f"See it:        {page}"] if page else []
    lines.append(f"Picture:       s3://{text(record, 'bucket')}/{_printable(text(record, 'key'))}")
    if drawn := text(record, "processedKey"):
        lines.append(f"Annotated:     s3://{processed_bucket}/{_printable(drawn)}")
    lines.append(f"Execution:     {arn}")
    if console := console_url_of(arn):
        lines.append(f"Open it:       {console}")
    return lines


def _webhook(record: Mapping[str, Any]) -> dict[str, Any]:
    error = _error(record)
    document = {
        "status": record["status"],
        "imageId": text(record, "imageId"),
        "bucket": text(record, "bucket"),
        "key": text(record, "key"),
        "title": text(record, "title"),
        "label": record.get("label"),
        "confidence": record.get("confidence"),
        "threshold": record.get("threshold"),
        "predictions": record.get("predictions") or [],
        "faceDetected": record.get("faceDetected"),
        "executionArn": text(record, "executionArn"),
    }
    if _by_person(record):
        document |= {"labelledBy": "person", "modelLabel": text(record, "modelLabel")}
    if record["status"] != CLASSIFIED:
        document |= {"error": error["name"], "cause": error["cause"]}
    return document


def console_url_of(execution_arn: str) -> str | None:
    """The same; None on the local cloud, which has no console."""
    return None if f":{NO_ACCOUNT}:" in execution_arn else console_url(execution_arn) or None


def console_url(execution_arn: str) -> str:
    """Where AWS's console shows an execution, in its partition."""
    parts = execution_arn.split(":")
    if len(parts) < 6:
        return ""
    region = parts[3]
    host = console_host(parts[1], region)
    kind = "express-executions" if parts[5] == "express" else "v2/executions"
    return f"https://{host}/states/home?region={region}#/{kind}/details/{execution_arn}"


def console_host(partition: str, region: str) -> str:
    """The console's own host in a partition."""
    domains = {"aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}
    return f"console.{domains[partition]}" if partition in domains else f"{region}.console.aws.amazon.com"


def _by_person(record: Mapping[str, Any]) -> bool:
    return text(record, "labelledBy") == "person"


def _error(record: Mapping[str, Any]) -> dict[str, str]:
    error = record.get("error")
    return error if isinstance(error, dict) else {"name": "UnknownError", "cause": ""}


def _printable(value: str) -> str:
    """Without control and direction characters, which a name in a mail must not use."""
    return "".join(char if char.isprintable() or char == " " else "?" for char in value)


def _ascii(value: str) -> str:
    return re.sub(r"[^ -~]", "?", value)
