"""Every way to name pictures: prefixes, lists, inventories; and keys that are odd."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from loupe_batch.errors import SourceNotFoundError, SourceTooLargeError, SourceUnreadableError
from loupe_batch.items import Item
from loupe_batch.prepare import Preparation
from loupe_batch.request import BatchRequest, Source
from loupe_batch.sources import items_of
from loupe_batch.storage import Storage
from loupe_core.errors import AccessDeniedError, InvalidInputError
from tests.unit.batch.conftest import BATCHES, UPLOADS
from tests.unit.functions.handlers import client_error

ODD = [
    *("zoo/a b.jpg", "zoo/a+b.jpg", "zoo/a%2Bb.jpg", "zoo/100%.jpg", "zoo/e\u0301.jpg", "zoo/\u00e9.jpg"),
    *("zoo/<&>\"'.jpg", "zoo/\u4e2d\u6587.jpg", "zoo/\U0001f408.jpg", "zoo/a,b.jpg", "zoo//double.jpg"),
    "zoo/" + "x" * 1016 + ".jpg",
]


def found(storage: Storage, address: str) -> list[Item]:
    return list(items_of(Source.parse(address), storage, "the-uploads"))


def put(s3: Any, key: str, content: str | bytes, bucket: str = UPLOADS) -> str:
    s3.put_object(Bucket=bucket, Key=key, Body=content if isinstance(content, bytes) else content.encode())
    return f"s3://{bucket}/{key}"


def plan(address: str, **more: Any) -> dict[str, Any]:
    source = Source.parse(address).as_json()
    options = {"maxPictures": None, "sample": None, "resume": None, "model": "m", "threshold": 0.5}
    return {"run": "zoo-1", "source": source, **options, **more}


def prepared(storage: Storage, address: str, **more: Any) -> tuple[dict[str, int], list[Item]]:
    counts = Preparation(plan(address, **more), storage, UPLOADS, lambda model: (), lambda: 900_000).prepare()
    body = storage.client.get_object(Bucket=BATCHES, Key="runs/zoo-1/items.jsonl")["Body"].read()
    return counts, [Item.parse(json.loads(line)) for line in body.split(b"\n") if line]


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("s3://b/zoo/", "prefix"),
        ("s3://b", "prefix"),
        ("s3://b/a.csv", "csv"),
        ("s3://b/a.csv.gz", "csv"),
        ("s3://b/a.jsonl", "jsonl"),
        ("s3://b/inventory/2026/manifest.json", "inventory"),
    ],
)
def test_an_address_says_what_it_is(address: str, kind: str) -> None:
    assert Source.parse(address).kind == kind


def test_odd_keys_of_a_prefix_come_as_they_are(s3: Any, storage: Storage) -> None:
    for key in ODD:
        put(s3, key, b"x")

    assert sorted(item.key for item in found(storage, f"s3://{UPLOADS}/zoo/")) == sorted(ODD)


def test_odd_keys_go_through_the_list_that_step_functions_reads(s3: Any, storage: Storage) -> None:
    for key in ODD:
        put(s3, key, b"x")

    _, items = prepared(storage, f"s3://{UPLOADS}/zoo/")

    assert sorted(item.key for item in items) == sorted(ODD)


def test_folder_markers_are_left_out_and_empty_objects_are_not(s3: Any, storage: Storage) -> None:
    for key, content in {"zoo/": b"", "zoo/cats/": b"", "zoo/empty.jpg": b"", "zoo/a.jpg": b"a"}.items():
        put(s3, key, content)

    counts, items = prepared(storage, f"s3://{UPLOADS}/zoo/")

    assert [item.key for item in items] == ["zoo/a.jpg", "zoo/empty.jpg"]
    assert (counts["folderMarkers"], counts["pictures"], counts["bytes"]) == (2, 2, 1)


@pytest.mark.parametrize(
    "content",
    [
        "key\na.jpg\nb.jpg\n",
        "\ufeffkey,label\r\na.jpg,cat\r\n\r\nb.jpg,dog\r\n",
        "bucket,key\nthe-uploads,a.jpg\nthe-uploads,b.jpg",
        "a.jpg\nb.jpg\n",
        "s3_bucket,s3_key\nthe-uploads,a.jpg\nthe-uploads,b.jpg\n",
        "key\ns3://the-uploads/a.jpg\ns3://the-uploads/b.jpg\n",
    ],
)
def test_a_csv_is_read_in_the_forms_that_people_write(s3: Any, storage: Storage, content: str) -> None:
    address = put(s3, "list.csv", content)

    assert [(item.bucket, item.key) for item in found(storage, address)] == [
        ("the-uploads", "a.jpg"),
        ("the-uploads", "b.jpg"),
    ]


def test_a_csv_without_a_header_names_bucket_and_key(s3: Any, storage: Storage) -> None:
    address = put(s3, "list.csv", 'other,a.jpg\nother,"b,c.jpg"\n')

    assert [(item.bucket, item.key) for item in found(storage, address)] == [
        ("other", "a.jpg"),
        ("other", "b,c.jpg"),
    ]


def test_json_lines_are_objects_or_keys(s3: Any, storage: Storage) -> None:
    lines = ['{"key": "a.jpg", "bucket": "other", "versionId": "v1"}', "", '"b.jpg"', '{"s3_key": "c.jpg"}']
    address = put(s3, "list.jsonl.gz", gzip.compress("\n".join(lines).encode()))

    assert found(storage, address) == [
        Item("other", "a.jpg", "v1"),
        Item("the-uploads", "b.jpg"),
        Item("the-uploads", "c.jpg"),
    ]


def test_of_a_runs_results_the_failed_ones_are_meant(s3: Any, storage: Storage) -> None:
    rows = "bucket,key,versionId,status\nb,a.jpg,v1,CLASSIFIED\nb,b.jpg,v2,FAILED\nb,c.jpg,,REJECTED\n"

    assert found(storage, put(s3, "results.csv", rows)) == [Item("b", "b.jpg", "v2")]


@pytest.mark.parametrize(
    ("key", "content", "said"),
    [
        ("l.csv", "key\n\xff".encode("latin-1"), "not UTF-8"),
        ("l.csv", "bucket,key\nb,\n", "Line 2 .* no column key"),
        ("l.jsonl", '{"key": "a"}\n{"key"', "Line 2 .* not JSON"),
        ("l.jsonl", "[1]\n", "neither an object nor a key"),
        ("l.jsonl", '{"key": 7}\n', "not a string"),
        ("l.csv.gz", "key\na\n", "gzip"),
        ("i/manifest.json", "{}", "not an S3 Inventory's manifest"),
    ],
)
def test_a_list_that_cannot_be_used_says_where(
    s3: Any, storage: Storage, key: str, content: str | bytes, said: str
) -> None:
    with pytest.raises(SourceUnreadableError, match=f"(?s){said}"):
        found(storage, put(s3, key, content))


def test_what_is_named_twice_is_classified_once(s3: Any, storage: Storage) -> None:
    address = put(s3, "list.csv", "key\na.jpg\nb.jpg\na.jpg\ncats/\n")

    counts, items = prepared(storage, address)

    assert [item.key for item in items] == ["a.jpg", "b.jpg"]
    assert (counts["repeated"], counts["folderMarkers"]) == (1, 1)


def inventory(s3: Any, rows: list[str], kind: str = "CSV") -> str:
    put(s3, "inventory/data/1.csv.gz", gzip.compress("\n".join(rows).encode()), BATCHES)
    manifest = {
        "sourceBucket": "photos",
        "destinationBucket": f"arn:aws:s3:::{BATCHES}",
        "fileFormat": kind,
        "fileSchema": "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, ETag, StorageClass",
        "files": [{"key": "inventory/data/1.csv.gz", "size": 1, "MD5checksum": "x"}],
    }
    return put(s3, "inventory/2026-11-01/manifest.json", json.dumps(manifest), BATCHES)


def test_an_inventorys_keys_are_decoded_and_its_old_versions_left_out(s3: Any, storage: Storage) -> None:
    address = inventory(
        s3,
        [
            '"photos","zoo/a%2Bb+%25+e%CC%81.jpg","v2","true","false","10","e2","STANDARD"',
            '"photos","zoo/a%2Bb+%25+e%CC%81.jpg","v1","false","false","9","e1","STANDARD"',
            '"photos","gone.jpg","v3","true","true","","",""',
            '"photos","cold.jpg","","true","false","7","e3","GLACIER"',
        ],
    )

    items = found(storage, address)

    assert items == [
        Item("photos", "zoo/a+b % e\u0301.jpg", "v2", "e2", 10, "STANDARD"),
        Item("photos", "cold.jpg", "", "e3", 7, "GLACIER"),
    ]
    assert [item.is_archived for item in items] == [False, True]


def test_an_inventory_in_another_format_says_which_is_read(s3: Any, storage: Storage) -> None:
    with pytest.raises(SourceUnreadableError, match="in ORC; choose CSV"):
        found(storage, inventory(s3, [], "ORC"))


@pytest.mark.parametrize(
    "address", ["s3://nobodys/zoo/", f"s3://{UPLOADS}/none.csv", f"s3://{UPLOADS}/manifest.json"]
)
def test_what_is_not_there_is_not_found(storage: Storage, address: str) -> None:
    with pytest.raises(SourceNotFoundError):
        found(storage, address)


def test_a_source_that_may_not_be_read_names_the_action(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any) -> None:
        raise client_error("AccessDenied", 403, "HeadObject", message="User: x is not authorized to perform")

    monkeypatch.setattr(storage.client, "download_fileobj", refuse)
    with pytest.raises(AccessDeniedError, match=r"s3:GetObject on .* was refused: User: x"):
        found(storage, "s3://other/list.csv")


def test_the_first_so_many_are_taken(s3: Any, storage: Storage) -> None:
    for number in range(5):
        put(s3, f"zoo/{number}.jpg", b"x")

    counts, items = prepared(storage, f"s3://{UPLOADS}/zoo/", maxPictures=2)

    assert [item.key for item in items] == ["zoo/0.jpg", "zoo/1.jpg"]
    assert counts["pictures"] == 2


def test_a_sample_is_of_all_and_the_same_whenever_it_is_asked_for(s3: Any, storage: Storage) -> None:
    for number in range(60):
        put(s3, f"zoo/{number:02}.jpg", b"x")

    counts, first = prepared(storage, f"s3://{UPLOADS}/zoo/", sample=10)
    _, again = prepared(storage, f"s3://{UPLOADS}/zoo/", sample=10)

    assert (counts["listed"], counts["pictures"]) == (60, 10)
    assert first == again
    assert {item.key for item in first} != {f"zoo/{number:02}.jpg" for number in range(10)}


def test_a_source_that_takes_too_long_to_list_says_how_far_it_came(s3: Any, storage: Storage) -> None:
    put(s3, "zoo/a.jpg", b"x")
    preparation = Preparation(plan(f"s3://{UPLOADS}/zoo/"), storage, UPLOADS, lambda model: (), lambda: 1_000)

    with pytest.raises(SourceTooLargeError, match="each in a run of its own"):
        preparation.prepare()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "must be an object"),
        ({"source": 7}, "lacks source"),
        ({"source": "s3://b/", "records": True}, "give one of them"),
        ({"source": "s3://b/", "on": "moon"}, "on must be one of"),
        ({"source": "s3://b/", "instances": 0}, "instances must be a whole number"),
        ({"source": "s3://b/", "tolerate": 101}, "tolerate must be"),
        ({"source": "s3://b/", "threshold": 2}, "threshold must be"),
        ({"source": "s3://b/", "instanceType": "m5"}, "instanceType must be"),
        ({"source": "s3://b/", "record": "yes"}, "record must be true or false"),
        ({"source": "s3://b/", "resume": "a b"}, "cannot name a run"),
    ],
)
def test_a_wrong_input_says_what_is_wrong(given: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        BatchRequest.parse(given)
