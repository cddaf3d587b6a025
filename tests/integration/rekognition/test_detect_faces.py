"""DetectFaces as boto3 sees it: shapes, permissions, errors."""

import io
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError
from PIL import Image, ImageOps

from tests.integration.rekognition.conftest import FACES, Lab, jpeg

MAY_DETECT = {"Effect": "Allow", "Action": "rekognition:DetectFaces", "Resource": "*"}


def refusal(call: Any, **parameters: Any) -> tuple[str, str]:
    """The code and message with which AWS refuses a call."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_face_has_awss_default_attributes(lab: Lab) -> None:
    [face] = lab.faces(FACES["astronaut"].read_bytes())

    assert set(face) == {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality"}
    assert 90 < face["Confidence"] <= 100
    box = face["BoundingBox"]
    assert 0.33 < box["Left"] < box["Left"] + box["Width"] < 0.57
    assert 0.1 < box["Top"] < box["Top"] + box["Height"] < 0.42
    places = {mark["Type"]: (mark["X"], mark["Y"]) for mark in face["Landmarks"]}
    assert set(places) == {"eyeLeft", "eyeRight", "mouthLeft", "mouthRight", "nose"}
    for x, y in places.values():
        assert box["Left"] < x < box["Left"] + box["Width"]
        assert box["Top"] < y < box["Top"] + box["Height"]
    assert places["eyeLeft"][0] < places["nose"][0] < places["eyeRight"][0]
    assert places["eyeLeft"][1] < places["nose"][1] < places["mouthLeft"][1]
    assert set(face["Pose"]) == {"Roll", "Yaw", "Pitch"}
    assert all(0 <= face["Quality"][key] <= 100 for key in ("Brightness", "Sharpness"))


def test_object_version_is_read_from_s3(lab: Lab) -> None:
    key = lab.put(FACES["grace_hopper"].read_bytes())
    first = lab.client("s3").head_object(Bucket=lab.bucket, Key=key)["VersionId"]
    lab.client("s3").put_object(Bucket=lab.bucket, Key=key, Body=jpeg(Image.new("RGB", (200, 200))))
    where = {"Bucket": lab.bucket, "Name": key}

    now = lab.rekognition.detect_faces(Image={"S3Object": where})
    then = lab.rekognition.detect_faces(Image={"S3Object": {**where, "Version": first}})

    assert (len(now["FaceDetails"]), len(then["FaceDetails"])) == (0, 1)


def test_object_is_read_with_the_callers_permissions(lab: Lab) -> None:
    key = lab.put(FACES["grace_hopper"].read_bytes())
    image = {"S3Object": {"Bucket": lab.bucket, "Name": key}}
    may_read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{lab.bucket}/*"}
    nothing = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}

    assert len(lab.role_client(MAY_DETECT, may_read).detect_faces(Image=image)["FaceDetails"]) == 1
    assert refusal(lab.role_client(MAY_DETECT).detect_faces, Image=image) == (
        "InvalidS3ObjectException",
        "Unable to get object metadata from S3. Check object key, region and/or access permissions.",
    )
    assert refusal(lab.role_client(nothing).detect_faces, Image=image)[0] == "AccessDeniedException"


def test_user_needs_the_permission_to_read_too(lab: Lab) -> None:
    iam, name = lab.client("iam"), f"user-{lab.bucket[-6:]}"
    iam.create_user(UserName=name)
    keys = iam.create_access_key(UserName=name)["AccessKey"]
    client = lab.client(
        "rekognition", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"]
    )
    image = {"S3Object": {"Bucket": lab.bucket, "Name": lab.put(FACES["grace_hopper"].read_bytes())}}
    from tests.integration.rekognition.conftest import policy

    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(MAY_DETECT))
    assert refusal(client.detect_faces, Image=image)[0] == "InvalidS3ObjectException"

    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(MAY_DETECT, read))
    assert len(client.detect_faces(Image=image)["FaceDetails"]) == 1


def test_caller_cannot_name_another_principal(lab: Lab) -> None:
    client = lab.role_client(MAY_DETECT)
    client.meta.events.register(
        "before-send.rekognition.DetectFaces",
        lambda request, **_: request.headers.__setitem__(
            "X-Loupe-Principal", "arn:aws:iam::000000000000:root"
        ),
    )
    image = {"S3Object": {"Bucket": lab.bucket, "Name": lab.put(FACES["grace_hopper"].read_bytes())}}

    assert refusal(client.detect_faces, Image=image)[0] == "InvalidS3ObjectException"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_are_relative_to_the_upright_picture(lab: Lab, orientation: int) -> None:
    with Image.open(FACES["grace_hopper"]) as picture:
        upright = picture.convert("RGB")
    [expected] = lab.faces(jpeg(upright))

    # The inverse of what a viewer does for this orientation.
    undo = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}[orientation]
    exif = upright.getexif()
    exif[0x0112] = undo
    upright.info["exif"] = exif.tobytes()
    stored = Image.open(io.BytesIO(jpeg(upright, exif=exif)))
    turned = ImageOps.exif_transpose(stored)
    exif[0x0112] = orientation
    [found] = lab.faces(jpeg(turned, exif=exif, quality=95))

    for side in ("Left", "Top", "Width", "Height"):
        assert found["BoundingBox"][side] == pytest.approx(expected["BoundingBox"][side], abs=0.03)


def test_pictures_that_cannot_be_read_are_refused(lab: Lab) -> None:
    detect = lab.rekognition.detect_faces
    broken = ("InvalidImageFormatException", "Request has invalid image format")
    gif = io.BytesIO()
    Image.new("L", (100, 100)).save(gif, "GIF")

    assert refusal(detect, Image={"Bytes": b"no picture"}) == broken
    assert refusal(detect, Image={"Bytes": gif.getvalue()}) == broken
    assert refusal(detect, Image={"Bytes": FACES["grace_hopper"].read_bytes()[:5000]}) == broken


def test_wrong_parameters_are_refused(lab: Lab) -> None:
    detect, s3 = lab.rekognition.detect_faces, {"Bucket": lab.bucket, "Name": "missing"}
    invalid = ("InvalidParameterException", "Request has Invalid Parameters")
    small, big = jpeg(Image.new("RGB", (200, 79))), jpeg(Image.new("L", (10_001, 80)))

    assert refusal(detect, Image={"Bytes": small}) == invalid
    assert refusal(detect, Image={}) == invalid
    assert refusal(detect, Image={"Bytes": small, "S3Object": s3}) == invalid
    assert refusal(detect, Image={"S3Object": s3})[0] == "InvalidS3ObjectException"
    assert refusal(detect, Image={"Bytes": big})[0] == "ImageTooLargeException"
    code, message = refusal(detect, Image={"Bytes": b"x" * (5 * 2**20 + 1)})
    assert code == "ValidationException"
    assert "at 'image.bytes' failed to satisfy constraint: Member must have length less than" in message


def test_object_over_fifteen_megabytes_is_too_large(lab: Lab) -> None:
    noise = np.random.default_rng(1).integers(0, 256, 15 * 2**20 + 1, dtype=np.uint8)
    image = {"S3Object": {"Bucket": lab.bucket, "Name": lab.put(noise.tobytes())}}

    assert refusal(lab.rekognition.detect_faces, Image=image)[0] == "ImageTooLargeException"
