"""What the API signs for browsers, the page's two policies allow, in every region."""

from __future__ import annotations

from fnmatch import fnmatchcase
from urllib.parse import urlsplit

import boto3
import pytest

from loupe.page.configuration import page_configuration
from loupe.stack import Stack
from loupe_api.objects import SIGNING, ImageObjects
from loupe_api.records import ImageRecord
from loupe_api.services import PATIENCE
from tests.unit.template.rendered import CHINA, COMMERCIAL, GOVCLOUD, Partition, rendered

UPLOADS, PROCESSED = "loupe-uploadsbucket-1abc", "loupe-processedbucket-1abc"
PLACES = [
    # botocore signs for the global name there, unless it is told otherwise.
    Partition("aws", "us-east-1", "amazonaws.com"),
    COMMERCIAL,
    Partition("aws", "ap-southeast-7", "amazonaws.com"),
    GOVCLOUD,
    CHINA,
]
EACH_PLACE = pytest.mark.parametrize("place", PLACES, ids=lambda each: each.region)


def signed(place: Partition) -> dict[str, list[str]]:
    """Origins that browsers are sent to, by the policy's directive."""
    client = boto3.client(
        "s3",
        region_name=place.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=PATIENCE.merge(SIGNING),
    )
    objects = ImageObjects(client, UPLOADS, PROCESSED)
    post, _ = objects.presigned_upload("uploads/g/i", "image/jpeg")
    original = objects.original_url(UPLOADS, "uploads/g/i", "v")
    record = ImageRecord("i", UPLOADS, "uploads/g/i", "CLASSIFIED", "", {"thumbnailKey": "copies/320.webp"})
    made = objects.made_urls(record)
    assert original
    assert made.thumbnail
    return {
        "connect-src": [_origin(post)],
        "img-src": [_origin(original), _origin(made.thumbnail)],
    }


@EACH_PLACE
def test_the_distributions_policy_allows_what_is_signed(place: Partition) -> None:
    document = rendered("site/template.yaml", place)
    headers = document["Resources"]["WebHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    policy = headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]

    assert _refused(place, policy) == []


@EACH_PLACE
def test_the_pages_own_policy_names_what_is_signed_exactly(place: Partition) -> None:
    outputs = {
        "ApiUrl": f"https://a.execute-api.{place.region}.{place.suffix}",
        "SignInClientId": "c",
        "SignInIssuer": "https://example.com/",
        "UploadsBucketName": UPLOADS,
        "ProcessedBucketName": PROCESSED,
    }
    configuration = page_configuration(Stack("loupe", "CREATE_COMPLETE", outputs), place.region, None)

    assert set(signed(place)["connect-src"]) <= set(configuration.connect_to)
    assert set(signed(place)["img-src"]) <= set(configuration.images_from)


def _refused(place: Partition, policy: str) -> list[tuple[str, str]]:
    directives = dict(each.strip().split(" ", 1) for each in policy.split(";"))
    return [
        (directive, origin)
        for directive, origins in signed(place).items()
        for origin in origins
        if not any(fnmatchcase(origin, source) for source in directives[directive].split())
    ]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
