"""The errors of DetectFaces, worded as AWS words them."""

import uuid

from local.aws_json import AwsServiceError


def _error(code: str, message: str, status: int = 400) -> AwsServiceError:
    return AwsServiceError(code, message, status, Code=code, Logref=str(uuid.uuid4()))


def invalid_parameters() -> AwsServiceError:
    return _error("InvalidParameterException", "Request has Invalid Parameters")


def invalid_image_format() -> AwsServiceError:
    return _error("InvalidImageFormatException", "Request has invalid image format")


def image_too_large(message: str = "Image size is too large") -> AwsServiceError:
    return _error("ImageTooLargeException", message)


def invalid_s3_object() -> AwsServiceError:
    message = "Unable to get object metadata from S3. Check object key, region and/or access permissions."
    return _error("InvalidS3ObjectException", message)


def throttled() -> AwsServiceError:
    return _error("ThrottlingException", "Rate exceeded")
